"""Closed lists of the network."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from shouwen.platform.policies.choices import Area


class AreaClass(TextChoices):
    """Where a device stands or power is used (地区类别): decides the limits of arrival."""

    URBAN = Area.URBAN.value, _("Urban")
    RURAL = Area.RURAL.value, _("Rural")
    REMOTE = Area.REMOTE.value, _("Remote")


class DeviceKind(TextChoices):
    """What a device is (设备类别), from the substation down."""

    SUBSTATION = "substation", _("Substation")
    FEEDER = "feeder", _("Feeder")
    SWITCH = "switch", _("Switch")
    TRANSFORMER = "transformer", _("Distribution transformer")


class TransformerUse(TextChoices):
    """Whom a transformer serves (公变、专变)."""

    PUBLIC = "public", _("Public transformer")
    DEDICATED = "dedicated", _("Dedicated transformer")
