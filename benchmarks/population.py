"""A made-up population with Chinese names, phones, account numbers and addresses, the same for every side and every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文志海波鹏飞宇浩然子涵梓萱欣怡嘉俊晨曦思远雨桐佳琪雪梅春燕冬"
DISTRICTS = ("东门区", "西湖区", "南山区", "北塘区", "江宁区", "高新区", "青山区", "云岩区")
ROADS = (
    *("幸福路", "人民路", "解放大道", "中山路", "建设街", "和平里"),
    *("文化巷", "学府路", "滨江大道", "工业南路", "长安街", "迎宾路"),
)
ESTATES = ("阳光花园", "翠竹苑", "金色家园", "书香门第", "碧水湾", "梧桐里", "锦绣城", "康乐新村")


@dataclass(frozen=True, slots=True)
class Person:
    account: str
    name: str
    phone: str
    address: str


def people(count: int, *, seed: int = 95598) -> Iterator[Person]:
    """Yield ``count`` persons; the first ones of a longer population are those of a shorter one."""
    chance = random.Random(seed)
    pick = chance.choice
    for number in range(count):
        given = pick(GIVEN) + (pick(GIVEN) if chance.random() < 0.8 else "")
        house = f"{chance.randrange(1, 400)}号{pick(ESTATES)}{chance.randrange(1, 60)}幢{chance.randrange(101, 3304)}室"
        yield Person(
            account=f"{3_300_000_000 + number * 7:010d}",
            name=pick(SURNAMES) + given,
            phone=f"1{pick('35789')}{chance.randrange(10**9):09d}",
            address=f"{pick(DISTRICTS)}{pick(ROADS)}{house}",
        )
