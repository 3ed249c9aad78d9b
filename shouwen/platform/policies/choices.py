"""Closed lists of the policy register. Plain Python: the calculator reads policies without Django."""

from __future__ import annotations

from enum import StrEnum


class Force(StrEnum):
    """How strongly a policy obliges (效力), strongest first."""

    STATUTE = "statute"
    STANDARD = "standard"
    COMMITMENT = "commitment"
    INTERNAL = "internal"

    @property
    def rank(self) -> int:
        """Return 0 for the strongest."""
        return FORCE_RANKS[self]


FORCE_RANKS = {force: rank for rank, force in enumerate(Force)}


class Statistic(StrEnum):
    """What a figure is about: each single case, the mean of cases, or a percentile of them."""

    CAP = "cap"
    MEAN = "mean"
    PERCENTILE = "percentile"


class Sense(StrEnum):
    """Which side of the figure is allowed."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Mark(StrEnum):
    """How sure we are (置信标记): confirmed, by two sources, by a weak source, own knowledge only, sources conflict."""

    CONFIRMED = "C"
    CONFIRMED_TWICE = "C2"
    WEAK = "C-"
    UNVERIFIED = "K"
    CONFLICTING = "X"


class Company(StrEnum):
    """The grid companies that commitments distinguish."""

    SGCC = "SGCC"
    CSG = "CSG"


class Area(StrEnum):
    """Area class of a supply point (地区类别)."""

    URBAN = "urban"
    RURAL = "rural"
    REMOTE = "remote"


class Zone(StrEnum):
    """A zone that a local rule draws inside its own city."""

    INSIDE_OUTER_RING = "inside_outer_ring"
    OUTSIDE_OUTER_RING = "outside_outer_ring"


class CustomerClass(StrEnum):
    """Class of customer (用户类别) as connection limits distinguish them."""

    RESIDENTIAL = "residential"
    LOW_VOLTAGE = "low_voltage"
    HIGH_VOLTAGE_SINGLE = "high_voltage_single"
    HIGH_VOLTAGE_DUAL = "high_voltage_dual"


class Unit(StrEnum):
    """Units of a policy's value. ``DUTY`` has no value: an obligation without a figure."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    CALENDAR_DAY = "calendar_day"
    WORKING_SECOND = "working_second"
    WORKING_MINUTE = "working_minute"
    WORKING_HOUR = "working_hour"
    HALF_WORKING_DAY = "half_working_day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    HOUR_OF_DAY = "hour_of_day"
    PCT = "pct"
    PER_MILLE = "per_mille"
    YUAN = "yuan"
    RATIO = "ratio"
    COUNT = "count"
    RINGS = "rings"
    VOLT = "volt"
    HERTZ = "hertz"
    DUTY = "duty"


DURATION_UNITS = frozenset(
    {
        Unit.SECOND,
        Unit.MINUTE,
        Unit.HOUR,
        Unit.DAY,
        Unit.CALENDAR_DAY,
        Unit.WORKING_SECOND,
        Unit.WORKING_MINUTE,
        Unit.WORKING_HOUR,
        Unit.HALF_WORKING_DAY,
        Unit.WORKING_DAY,
    }
)


class Reason(StrEnum):
    """Why an entry does not hold for a case, or does not bind it."""

    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    NOT_KNOWN_YET = "not_known_yet"
    SUPERSEDED = "superseded"
    OTHER_JURISDICTION = "other_jurisdiction"
    OTHER_COMPANY = "other_company"
    NO_VALUE_FOR_CLASS = "no_value_for_class"
    NOT_A_DURATION = "not_a_duration"
    MEAN_NOT_CAP = "mean_not_cap"
    PERCENTILE_NOT_CAP = "percentile_not_cap"
    OTHER_FORCE = "other_force"
    LATER_DUE = "later_due"
    EARLIER_DUE = "earlier_due"
    WEAKER_FORCE = "weaker_force"
    SAME_DUE = "same_due"


class Reading(StrEnum):
    """For what the strictest rule is asked: legal liability, the indicators, or the warning inside."""

    LIABILITY = "liability"
    INDICATOR = "indicator"
    WARNING = "warning"


class Origin(StrEnum):
    """Where a row came from: the handbook's files, or an administrator here."""

    HANDBOOK = "HANDBOOK"
    DESK = "DESK"
