"""Which norm a contact falls under, by its words; an agent may always say otherwise."""

from __future__ import annotations

from shouwen.kernel.text.folding import fold

# The first norm whose words are found wins: danger and complaint go before the everyday.
WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("misconduct_report", ("举报", "受贿", "吃拿卡要", "窃电", "偷电", "bribe", "stealing electricity")),
    ("complaint", ("投诉", "态度恶劣", "推诿", "complain")),
    ("voltage_quality", ("电压低", "电压高", "电压不稳", "低电压", "闪烁", "low voltage", "flicker")),
    ("planned_outage_notice", ("停电通知",)),
    ("outage_enquiry", ("什么时候来电", "何时来电", "停电计划", "停电信息", "when will power", "planned outage")),
    (
        "power_fault",
        (
            "停电",
            "没电",
            "断电",
            "跳闸",
            "断线",
            "冒烟",
            "起火",
            "变压器",
            "电表箱",
            "no power",
            "power cut",
            "outage",
            "wire down",
        ),
    ),
    ("progress_enquiry", ("办理进度", "进度查询", "办到哪", "application progress")),
    ("supply_change", ("过户", "更名", "增容", "销户", "校表", "验表", "meter test", "change of name")),
    ("low_voltage_connection", ("商铺用电", "装表申请", "低压新装")),
    ("residential_connection", ("新装", "报装", "申请用电", "充电桩", "new connection")),
    ("payment_reminder", ("复电", "欠费", "催费", "reconnect")),
    ("bill_enquiry", ("电费", "账单", "余额", "缴费", "发票", "bill", "balance")),
    ("tariff_advice", ("电价", "阶梯", "分时", "峰谷", "tariff")),
    ("customer_file", ("联系电话变更", "改手机号", "户名错误")),
    ("opinion_suggestion_praise", ("表扬", "感谢", "建议", "意见", "praise", "suggest", "thank")),
)


def guess_norm(*, subject: str, text: str, channel: str) -> str:
    """Return the slug of the norm that the words speak for, the empty text when none do.

    What a municipal hotline hands over runs under its own norm whatever it is about.
    """
    if channel == "municipal":
        return "municipal_handover"
    folded = fold(f"{subject}\n{text}")
    return next((slug for slug, words in WORDS if any(word in folded for word in words)), "")
