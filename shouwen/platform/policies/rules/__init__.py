"""What the register says about one case: pure values in, an answer with its reasons out."""

from shouwen.platform.policies.rules.binding import Binding, bind, bind_not_before, strictest
from shouwen.platform.policies.rules.entries import (
    EVERYWHERE,
    SHANGHAI,
    Place,
    PolicyEntry,
    PolicyRef,
    Value,
    contradictions,
    day_of,
)
from shouwen.platform.policies.rules.matches import Match, chosen_setting, matching, matching_on
from shouwen.platform.policies.rules.parsing import PolicyInvalid, Problem, parse_policies, parse_text
from shouwen.platform.policies.rules.wording import Because, explain

__all__ = [
    "EVERYWHERE",
    "SHANGHAI",
    "Because",
    "Binding",
    "Match",
    "Place",
    "PolicyEntry",
    "PolicyInvalid",
    "PolicyRef",
    "Problem",
    "Value",
    "bind",
    "bind_not_before",
    "chosen_setting",
    "contradictions",
    "day_of",
    "explain",
    "matching",
    "matching_on",
    "parse_policies",
    "parse_text",
    "strictest",
]
