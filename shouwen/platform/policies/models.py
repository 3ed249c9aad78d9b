"""Tables of the policy register."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from shouwen.platform.policies import choices
from shouwen.platform.policies.rules import PolicyEntry, Value

VALID_TIME = Func("valid_from", "valid_until", function="DATERANGE", output_field=DateRangeField())
KNOWN_TIME = Func("known_from", "known_until", function="TSTZRANGE", output_field=DateTimeRangeField())


def _codes(listed: type[StrEnum]) -> list[str]:
    return [member.value for member in listed]


class PolicyQuerySet(models.QuerySet["Policy"]):
    def known_at(self, known_at: datetime) -> PolicyQuerySet:
        """Return what we held to be true at an instant."""
        return self.filter(Q(known_until=None) | Q(known_until__gt=known_at), known_from__lte=known_at)

    def still_held(self) -> PolicyQuerySet:
        """Return what has not been corrected or withdrawn."""
        return self.filter(known_until=None)

    def in_order(self) -> PolicyQuerySet:
        return self.order_by("key", "pk")


class Policy(models.Model):
    """One statement of one rule about one key (规则条目). Never changed: a trigger lets only its open known time be closed."""

    key = models.CharField(max_length=80)
    rule = models.CharField(max_length=60)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160)
    force = models.CharField(max_length=12)
    statistic = models.CharField(max_length=12)
    percentile = models.PositiveSmallIntegerField(null=True)
    sense = models.CharField(max_length=12)
    jurisdiction = models.CharField(max_length=40)
    company = models.CharField(max_length=20, null=True)  # null is "any company", as in the handbook
    requirement = models.CharField(max_length=12, null=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)
    mark = models.CharField(max_length=2)
    source = models.CharField(max_length=200)
    note_zh = models.TextField(blank=True)
    note_en = models.TextField(blank=True)
    unit = models.CharField(max_length=20)
    values_by_class = models.JSONField()  # [{"value": "45", "area": "urban"}, …]: figures as text, exactly
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=8)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_origin = models.CharField(max_length=8, blank=True)  # who closed its known time; empty while it is open

    objects = PolicyQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "id"], name="policy_of_key")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="policy_valid_ends_after_it_begins"
            ),
            # An empty known time is allowed: what was corrected before anybody could know it.
            models.CheckConstraint(
                condition=Q(known_until=None) | Q(known_until__gte=F("known_from")), name="policy_known_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=Q(force__in=_codes(choices.Force)), name="policy_force_is_listed"),
            models.CheckConstraint(condition=Q(statistic__in=_codes(choices.Statistic)), name="policy_statistic_is_listed"),
            models.CheckConstraint(condition=Q(unit__in=_codes(choices.Unit)), name="policy_unit_is_listed"),
            models.CheckConstraint(condition=Q(mark__in=_codes(choices.Mark)), name="policy_mark_is_listed"),
            ExclusionConstraint(
                name="policy_never_contradicts_itself",
                expressions=[
                    ("rule", RangeOperators.EQUAL),
                    ("key", RangeOperators.EQUAL),
                    (VALID_TIME, RangeOperators.OVERLAPS),
                    (KNOWN_TIME, RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.key}"

    @property
    def entry(self) -> PolicyEntry:
        """Return the row as the rules read it."""
        return PolicyEntry(
            key=self.key,
            rule=self.rule,
            name_zh=self.name_zh,
            name_en=self.name_en,
            force=choices.Force(self.force),
            statistic=choices.Statistic(self.statistic),
            percentile=self.percentile,
            sense=choices.Sense(self.sense),
            jurisdiction=self.jurisdiction,
            company=self.company,
            requirement=self.requirement,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            known_from=self.known_from,
            known_until=self.known_until,
            mark=choices.Mark(self.mark),
            source=self.source,
            note_zh=self.note_zh,
            note_en=self.note_en,
            unit=choices.Unit(self.unit),
            values=tuple(_value(row) for row in self.values_by_class),
        )


def _value(row: dict[str, str]) -> Value:
    return Value(
        amount=Decimal(row["value"]),
        area=choices.Area(row["area"]) if "area" in row else None,
        zone=choices.Zone(row["zone"]) if "zone" in row else None,
        customer_class=choices.CustomerClass(row["customer_class"]) if "customer_class" in row else None,
    )


class RegisterVersion(models.Model):
    """The register's present state: one row. Each change counts ``number`` up and draws a new ``stamp``.

    The stamp is random so that a state that was rolled back can never be taken for a later one with the same number.
    """

    number = models.PositiveIntegerField(default=0)
    stamp = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(pk=1), name="register_has_one_version")]

    def __str__(self) -> str:
        return str(self.number)
