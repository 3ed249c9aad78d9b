"""What people tell the house: units, employment, posts, absence, signing in, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class UnitCreated(Fact):
    case_kind = "unit"
    unit_id: int
    code: str
    unit_kind: str
    path: str


@dataclass(frozen=True, kw_only=True)
class UnitMoved(Fact):
    case_kind = "unit"
    unit_id: int
    from_path: str
    to_path: str


@dataclass(frozen=True, kw_only=True)
class StaffHired(Fact):
    case_kind = "staff"
    staff_id: int
    staff_no: str
    unit_id: int


@dataclass(frozen=True, kw_only=True)
class PostGiven(Fact):
    case_kind = "staff"
    staff_id: int
    role: str
    unit_id: int


@dataclass(frozen=True, kw_only=True)
class PostTaken(Fact):
    case_kind = "staff"
    staff_id: int
    role: str
    unit_id: int


@dataclass(frozen=True, kw_only=True)
class AbsenceRecorded(Fact):
    case_kind = "staff"
    staff_id: int
    reason: str
    away_from: datetime
    away_until: datetime
    stand_in_id: int | None


@dataclass(frozen=True, kw_only=True)
class CertificateGranted(Fact):
    case_kind = "staff"
    staff_id: int
    code: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class SkillNoted(Fact):
    case_kind = "staff"
    staff_id: int
    code: str
    level: int


@dataclass(frozen=True, kw_only=True)
class EmploymentEnded(Fact):
    case_kind = "staff"
    staff_id: int


@dataclass(frozen=True, kw_only=True)
class SignedIn(Fact):
    case_kind = "staff"
    staff_id: int
    address: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(Fact):
    case_kind = "staff"
    staff_id: int


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Fact):
    case_kind = "staff"
    staff_id: int


@dataclass(frozen=True, kw_only=True)
class SessionsRevoked(Fact):
    case_kind = "staff"
    staff_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class TokenIssued(Fact):
    case_kind = "staff"
    staff_id: int
    token_id: int
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Fact):
    case_kind = "staff"
    staff_id: int
    token_id: int
