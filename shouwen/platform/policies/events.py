"""Facts of the policy register."""

from __future__ import annotations

from dataclasses import dataclass

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class RegisterLoaded(Fact):
    """The handbook was read and something was new. ``keys`` are those about which the register now says something else."""

    case_kind = "register"

    register_id: int  # the version number that the load made
    inserted_count: int
    closed_count: int
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyRevised(Fact):
    """Somebody corrected or added to what the register says; the old row stands, its known time closed."""

    case_kind = "policy"

    policy_id: int  # the row that was replaced; for an addition the new row
    key: str
    rule: str
    new_policy_ids: tuple[int, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class PolicyWithdrawn(Fact):
    """We no longer hold a policy to be true; the row stands, its known time closed."""

    case_kind = "policy"

    policy_id: int
    key: str
    rule: str
    why: str
