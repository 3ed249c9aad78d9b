"""Closed lists of customers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from shouwen.platform.policies.choices import Area
from shouwen.platform.policies.choices import CustomerClass as PolicyClass


class CustomerKind(TextChoices):
    """What a customer is (客户类型)."""

    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")


class IdentityKind(TextChoices):
    """By which document a customer is known (证件类型)."""

    RESIDENT_CARD = "resident_card", _("Resident identity card")
    CREDIT_CODE = "credit_code", _("Unified social credit code")
    PASSPORT = "passport", _("Passport")
    HK_MACAO_TAIWAN_PERMIT = "permit", _("Permit of Hong Kong, Macao or Taiwan residents")
    OTHER = "other", _("Other document")


class Tier(TextChoices):
    """How a customer is looked after (客户等级)."""

    ORDINARY = "ordinary", _("Ordinary")
    KEY = "key", _("Key account")
    VIP = "vip", _("VIP")
    IMPORTANT = "important", _("Important supply")


class AreaClass(TextChoices):
    """Where power is used (地区类别)."""

    URBAN = Area.URBAN.value, _("Urban")
    RURAL = Area.RURAL.value, _("Rural")
    REMOTE = Area.REMOTE.value, _("Remote")


class CustomerClass(TextChoices):
    """How power is supplied (用户类别)."""

    RESIDENTIAL = PolicyClass.RESIDENTIAL.value, _("Residential")
    LOW_VOLTAGE = PolicyClass.LOW_VOLTAGE.value, _("Other low voltage")
    HIGH_VOLTAGE_SINGLE = PolicyClass.HIGH_VOLTAGE_SINGLE.value, _("High voltage, single source")
    HIGH_VOLTAGE_DUAL = PolicyClass.HIGH_VOLTAGE_DUAL.value, _("High voltage, dual source")


class VoltageClass(TextChoices):
    """Voltage at the point of supply (供电电压)."""

    V220 = "220v", _("220 V")
    V380 = "380v", _("380 V")
    KV10 = "10kv", _("10 kV")
    KV20 = "20kv", _("20 kV")
    KV35 = "35kv", _("35 kV")
    KV110 = "110kv", _("110 kV")
    KV220 = "220kv", _("220 kV")


class ContactKind(TextChoices):
    """How somebody is reached (联系方式)."""

    MOBILE = "mobile", _("Mobile telephone")
    LANDLINE = "landline", _("Landline")
    FAX = "fax", _("Fax")
    EMAIL = "email", _("E-mail")
    WECHAT = "wechat", _("WeChat")


TELEPHONE_KINDS = frozenset({ContactKind.MOBILE, ContactKind.LANDLINE, ContactKind.FAX})


class Consent(TextChoices):
    """Whether messages that are not about a matter of their own may be sent there (同意)."""

    UNKNOWN = "unknown", _("Not asked")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")


class Language(TextChoices):
    """In which language a customer is addressed."""

    ZH_HANS = "zh-hans", _("Chinese, simplified")
    ZH_HANT = "zh-hant", _("Chinese, traditional")
    EN = "en", _("English")


class PreferredChannel(TextChoices):
    """By which way a customer prefers to be told (偏好渠道)."""

    PHONE = "phone", _("Telephone")
    SMS = "sms", _("Text message")
    WECHAT = "wechat", _("WeChat")
    EMAIL = "email", _("E-mail")
    LETTER = "letter", _("Letter")


class NeedKind(TextChoices):
    """A need that power or service must respect (特殊需求)."""

    LIFE_SUPPORT = "life_support", _("Life support at home")
    ELDERLY_ALONE = "elderly_alone", _("Elderly person living alone")
    DISABILITY = "disability", _("Disability")
    HARD_OF_HEARING = "hard_of_hearing", _("Hard of hearing")
    LOW_VISION = "low_vision", _("Low vision")
    LOW_INCOME = "low_income", _("Low-income household")
    NO_CUT_OFF = "no_cut_off", _("Must not be cut off")


class SensitivityKind(TextChoices):
    """What whoever answers should know (敏感标签)."""

    REPEATED_COMPLAINT = "repeated_complaint", _("Complained repeatedly")
    MEDIA = "media", _("In touch with the media")
    DISPUTE = "dispute", _("Dispute pending")
    OUTAGE = "outage", _("Sensitive to outages")
    BILL = "bill", _("Sensitive to bills")
    SAFETY_OF_STAFF = "safety_of_staff", _("Visit in pairs")


class PersonalField(TextChoices):
    """What can be shown in clear, each for itself (个人信息项)."""

    NAME = "name", _("Name")
    PHONES = "phones", _("Telephone numbers")
    EMAILS = "emails", _("E-mail and other addresses")
    ADDRESS = "address", _("Address")
    IDENTITY = "identity", _("Identity number")
    NOTES = "notes", _("Notes on needs and sensitivities")


class ImportState(TextChoices):
    """How far an import has come (导入状态)."""

    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")


class ImportOutcome(TextChoices):
    """What became of one row (导入结果)."""

    CREATED = "created", _("Created")
    UPDATED = "updated", _("Updated")
    UNCHANGED = "unchanged", _("Unchanged")
    REJECTED = "rejected", _("Rejected")
    TRANSFERRED = "transferred", _("Transferred to another customer")
