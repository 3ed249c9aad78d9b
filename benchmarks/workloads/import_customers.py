"""``import.customers``: customers from a CSV file against a plain COPY of the very rows that the import leaves behind.

Run alone: ``python -m benchmarks.workloads.import_customers --customers 100000``. It needs an empty database of its own, which it makes
and drops. Both sides end in the same tables with the same keys and indexes; the limit gets its rows sealed and indexed for nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马胡朱郭何罗高林郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
    "韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常单仇解查"
)
GIVEN = (
    "伟芳娜敏静秀英丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲红建华国志海春梅云龙飞鹏宇浩轩子涵欣怡佳琪思雨梦晓东南西北永康宁安"
    "福禄寿喜德仁义礼智信忠孝廉正清和美善真诚乐天山川河江湖波涛林森松柏竹菊荷莲月星辰阳光晨曦"
)
ROAD_FIRST = "文武长延建解中人和平光新华东西南北天学教体工农胜利友谊环城江滨湖山云龙凤翠紫金银玉珠宝石桃李杏梅兰"
ROAD_SECOND = "一二三四五六安康庆丰泰昌盛荣华明清远达通顺宁静兴旺福禄寿喜园林泉溪桥塔寺庙"
DISTRICTS = ("上城区", "拱墅区", "西湖区", "滨江区", "萧山区", "余杭区", "临平区", "钱塘区", "富阳区", "临安区")
FIRMS = ("纺织", "电子", "机械", "食品", "建材", "化工", "物流", "科技", "贸易", "医药")
HEADING = "户号,用户名称,用户类别,证件号码,联系电话,行政区,用电地址,房号,城乡类别,用户分类"
MAPPING = {
    "name": "benchmark",
    "encoding": "utf-8",
    "columns": {
        "account_number": "户号",
        "name": "用户名称",
        "kind": {"column": "用户类别", "values": {"居民": "person", "企业": "organisation"}},
        "identity_number": "证件号码",
        "phones": "联系电话",
        "street": {"columns": ["行政区", "用电地址"]},
        "room": "房号",
        "area_class": {"column": "城乡类别", "values": {"城市": "urban", "农村": "rural", "边远": "remote"}},
        "customer_class": {"column": "用户分类", "values": {"居民": "residential", "低压": "low_voltage"}},
    },
    "defaults": {"jurisdiction": "CN-33-hangzhou"},
}
CHUNK = 100_000


def write_customers_csv(path: Path, *, customers: int, seed: int = 7) -> None:
    """Write a city of made-up customers, the same for the same seed: names and streets as frequent as in a real one."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADING + "\n")
        for start in range(0, customers, CHUNK):
            file.writelines(_rows(start, min(CHUNK, customers - start), seed))


def _rows(start: int, count: int, seed: int) -> Iterator[str]:
    import numpy

    chance = numpy.random.default_rng([seed, start])
    weights = 1.0 / numpy.arange(4, 4 + len(SURNAMES))
    surnames = chance.choice(len(SURNAMES), count, p=weights / weights.sum())
    given = chance.integers(0, len(GIVEN), (count, 2))
    roads = chance.integers(0, len(ROAD_FIRST) * len(ROAD_SECOND), count)
    spread = chance.integers(0, 1 << 40, (count, 4))
    for place in range(count):
        yield _row(start + place, surnames[place], given[place], int(roads[place]), [int(draw) for draw in spread[place]])


def _row(number: int, surname: int, given: Any, road: int, draws: list[int]) -> str:
    one, two, three, four = draws
    name = SURNAMES[surname] + GIVEN[given[0]] + (GIVEN[given[1]] if one % 4 else "")
    is_firm = one % 50 == 0
    if is_firm:
        name = f"杭州{name[1:]}{FIRMS[one // 50 % 10]}有限公司"
    street = f"{ROAD_FIRST[road % len(ROAD_FIRST)]}{ROAD_SECOND[road // len(ROAD_FIRST)]}路{two % 400 + 1}号"
    room = f"{two // 400 % 30 + 1}幢{two // 12000 % 4 + 1}单元{two // 48000 % 18 + 1}0{two // 864000 % 4 + 1}室"
    phone = f"1{3 + three % 7}{three // 7 % 10**9:09d}" if one // 7 % 10 < 9 else f"0571-8{three % 10**7:07d}"
    identity = f"3301{four % 10**13:013d}{'0123456789X'[four % 11]}"
    kind, kind_class = ("企业", "低压") if is_firm else ("居民", "居民")
    area = ("城市", "城市", "城市", "农村", "农村", "边远")[road % 6]
    return f"3301{number:09d},{name},{kind},{identity},{phone},{DISTRICTS[road % 10]},{street},{room},{area},{kind_class}\n"


@contextmanager
def own_database() -> Iterator[None]:
    """Make an empty database with all tables, and drop it afterwards."""
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def automatic_actor() -> int:
    """Return a member of staff that acts for the benchmark."""
    from shouwen.platform.people.models import Staff, Unit

    unit, _ = Unit.objects.get_or_create(code="01", defaults={"name": "Company", "kind": "company", "path": "01."})
    actor, _ = Staff.objects.get_or_create(
        staff_no="benchmark", defaults={"name": "Benchmark", "home_unit": unit, "is_automatic": True}
    )
    return int(actor.pk)


def run_ours(path: Path) -> tuple[float, int]:
    """Import the file; return seconds and customers."""
    from django.utils import timezone

    from shouwen.records.customers.rules import parse_mapping
    from shouwen.records.customers.services.importing import run_import

    actor_id = automatic_actor()
    begun = time.perf_counter()
    summary = run_import(path=path, mapping=parse_mapping(MAPPING), actor_id=actor_id, at=timezone.now())
    return time.perf_counter() - begun, summary.created_count


def copied_out(folder: Path) -> dict[str, Path]:
    """Keep the rows of the import as files, in batches' order, and empty the tables."""
    from django.db import connection

    from shouwen.records.customers.services.bulk_rows import COPY_COLUMNS

    files = {}
    with connection.cursor() as cursor:
        for table, columns in COPY_COLUMNS.items():
            files[table] = folder / table
            with files[table].open("wb") as file, cursor.copy(f"copy {table} ({', '.join(columns)}) to stdout") as copy:
                for block in copy:
                    file.write(block)
        cursor.execute(f"truncate {', '.join(COPY_COLUMNS)} cascade")
    return files


def run_limit(files: dict[str, Path]) -> float:
    """Copy the kept rows back, each table in one statement, into the same keys and indexes; return seconds."""
    from django.db import connection, transaction

    from shouwen.records.customers.services.bulk_rows import COPY_COLUMNS

    begun = time.perf_counter()
    with connection.cursor() as cursor:
        for table, path in files.items():
            with (
                transaction.atomic(),
                cursor.copy(f"copy {table} ({', '.join(COPY_COLUMNS[table])}) from stdin") as copy,
                path.open("rb") as file,
            ):
                while block := file.read(1 << 16):
                    copy.write(block)
    return time.perf_counter() - begun


def check(customers: int) -> None:
    """Fail unless every row came in exactly once."""
    from shouwen.records.customers.models import Account, Customer, ImportRow, SearchEntry

    found = [model.objects.count() for model in (Customer, Account, SearchEntry, ImportRow)]
    if found != [customers] * 4:
        raise SystemExit(f"wrong number of rows: {found} instead of {customers}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()

    import django

    django.setup()
    for _ in range(options.rounds):
        with own_database(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "customers.csv"
            write_customers_csv(path, customers=options.customers)
            ours_s, created = run_ours(path)
            check(options.customers)
            limit_s = run_limit(copied_out(Path(folder)))
            check(options.customers)
            print(
                f"import.customers {created} rows: ours {created / ours_s:,.0f}/s in {ours_s:.1f} s, COPY of the same rows"
                f" {created / limit_s:,.0f}/s in {limit_s:.1f} s, ratio {limit_s / ours_s:.2f}"
            )


if __name__ == "__main__":
    main()
