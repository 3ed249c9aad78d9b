"""What customers tell the house: ids and codes only, never a name, a number or an address."""

from __future__ import annotations

from dataclasses import dataclass

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class CustomerFact(Fact):
    """The root of facts about one customer."""

    case_kind = "customer"
    customer_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerRegistered(CustomerFact):
    kind_code: str


@dataclass(frozen=True, kw_only=True)
class CustomerCorrected(CustomerFact):
    """``fields`` names what was corrected, not to what."""

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AccountOpened(CustomerFact):
    account_id: int


@dataclass(frozen=True, kw_only=True)
class SupplyPointAdded(CustomerFact):
    supply_point_id: int


@dataclass(frozen=True, kw_only=True)
class SupplyPointChanged(CustomerFact):
    supply_point_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContactPointAdded(CustomerFact):
    contact_point_id: int
    contact_kind: str


@dataclass(frozen=True, kw_only=True)
class ContactPointChanged(CustomerFact):
    contact_point_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContactPointRemoved(CustomerFact):
    contact_point_id: int


@dataclass(frozen=True, kw_only=True)
class ContactPointConfirmed(CustomerFact):
    """Somebody spoke to the customer at this number: the next call from it is surer."""

    contact_point_id: int


@dataclass(frozen=True, kw_only=True)
class PreferenceChanged(CustomerFact):
    language: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class SpecialNeedRecorded(CustomerFact):
    special_need_id: int
    need: str


@dataclass(frozen=True, kw_only=True)
class SpecialNeedEnded(CustomerFact):
    special_need_id: int
    need: str


@dataclass(frozen=True, kw_only=True)
class SensitivityNoted(CustomerFact):
    sensitivity_id: int
    sensitivity: str


@dataclass(frozen=True, kw_only=True)
class TierChanged(CustomerFact):
    from_tier: str
    to_tier: str


@dataclass(frozen=True, kw_only=True)
class RepresentativeAssigned(CustomerFact):
    staff_id: int | None


@dataclass(frozen=True, kw_only=True)
class AccountTransferred(Fact):
    """An account passed from one customer to another (过户). What is known of the former customer stays theirs."""

    case_kind = "account"
    account_id: int
    from_customer_id: int
    to_customer_id: int


@dataclass(frozen=True, kw_only=True)
class CustomersImported(Fact):
    """One batch of an import: rows ``first_row`` to ``last_row``. Who they are is in the run's row list."""

    case_kind = "import_run"
    import_run_id: int
    first_row: int
    last_row: int
    created_count: int
    updated_count: int
