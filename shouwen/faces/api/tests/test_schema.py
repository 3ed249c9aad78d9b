"""The document kept: schemathesis asks every endpoint, rightly and wrongly, and each answer is one that the document names."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from shouwen.faces.api.tests.callers import api_of
from shouwen.faces.api.tests.world import build
from shouwen.faces.api.v1 import api
from shouwen.loop.workorders.tests.factories import small_company

EXAMPLES = 6
"""For each endpoint and each way of asking; raise it by hand to look deeper."""

UNFIT: list[Any] = [positive_data_acceptance]
"""What is of the right shape may still be wrong: a norm that is not in force, a cursor of another list. Then 422 is the answer."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_document_names(mode: GenerationMode) -> None:
    company = small_company()
    world = build(company)
    schema = schemathesis.openapi.from_dict(json.loads(api.document))
    schema.app = WSGIHandler()
    people = [api_of(one).token for one in (world.manager, company.li, company.gateway)]
    failures: dict[str, str] = {}

    for found in schema.get_all_operations():
        operation = found.ok()
        failure = _fuzz(operation, mode, people)
        if failure:
            failures[operation.label] = failure

    assert failures == {}, "\n".join(failures.values())


def _fuzz(operation: Any, mode: GenerationMode, tokens: list[str]) -> str:
    """Ask one endpoint by every token in turn; return what went wrong first."""

    @seed(7)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode), token=st.sampled_from(tokens))
    def ask(case: Any, token: str) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=UNFIT)

    try:
        ask()
    except Unsatisfiable:  # it takes nothing that could be wrong
        assert mode is GenerationMode.NEGATIVE
    except (FailureGroup, Failure) as failure:
        return str(failure)[:2000]
    return ""
