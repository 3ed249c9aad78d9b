"""What the network tells the house."""

from __future__ import annotations

from dataclasses import dataclass

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class SubstationAdded(Fact):
    case_kind = "substation"
    substation_id: int
    path: str


@dataclass(frozen=True, kw_only=True)
class FeederAdded(Fact):
    case_kind = "feeder"
    feeder_id: int
    path: str


@dataclass(frozen=True, kw_only=True)
class SwitchAdded(Fact):
    case_kind = "switch"
    switch_id: int
    path: str


@dataclass(frozen=True, kw_only=True)
class TransformerAdded(Fact):
    case_kind = "transformer"
    transformer_id: int
    path: str
