"""Tables of the network."""

from __future__ import annotations

from typing import TypeVar

from django.db import models
from django.db.models import Q

from shouwen.records.network.choices import AreaClass, TransformerUse

AnyDevice = TypeVar("AnyDevice", bound=models.Model, covariant=True)


class DeviceQuerySet(models.QuerySet[AnyDevice]):
    def below(self, path: str) -> DeviceQuerySet[AnyDevice]:
        """Return the device at ``path`` and all that is fed through it."""
        return self.filter(path__startswith=path)

    def in_service(self) -> DeviceQuerySet[AnyDevice]:
        return self.filter(removed_at__isnull=True)


class Device(models.Model):
    """What every device has. ``code`` is its dispatching number (调度号), unique among devices of its kind."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=80)
    path = models.CharField(max_length=300, unique=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["path"], name="%(class)s_path_prefix", opclasses=["text_pattern_ops"])]
        constraints = [models.CheckConstraint(condition=~Q(code__contains="."), name="%(class)s_code_has_no_dot")]

    def __str__(self) -> str:
        return self.name


class Substation(Device):
    """A substation (变电站)."""

    class Meta(Device.Meta):
        pass


class Feeder(Device):
    """A medium-voltage line from a substation (馈线)."""

    substation = models.ForeignKey(Substation, on_delete=models.PROTECT, related_name="feeders")

    class Meta(Device.Meta):
        pass


class Switch(Device):
    """A switch on a feeder (开关), below another one or directly on the feeder."""

    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="switches")
    upstream = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="downstream")
    is_normally_closed = models.BooleanField(default=True)

    class Meta(Device.Meta):
        pass


class Transformer(Device):
    """A distribution transformer (配电变压器), below a switch or directly on the feeder."""

    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="transformers")
    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, null=True, blank=True, related_name="transformers")
    area_class = models.CharField(max_length=10, choices=AreaClass.choices)
    use = models.CharField(max_length=10, choices=TransformerUse.choices, default=TransformerUse.PUBLIC)
    capacity_kva = models.PositiveIntegerField(null=True, blank=True)

    class Meta(Device.Meta):
        pass
