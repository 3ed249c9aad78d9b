"""Tokens: issued, used, and no longer believed seconds after they were revoked, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.loop.workorders.tests.factories import Company, small_company
from shouwen.platform.people import principals
from shouwen.platform.people.models import ApiToken, Staff
from shouwen.platform.people.principals import VIEWER_CACHE_S
from shouwen.platform.people.services import end_employment
from shouwen.platform.people.tests.factories import administrator


@pytest.fixture
def manager(company: Company) -> Staff:
    return administrator(home_unit=company.centre)


def test_an_administrator_issues_a_token_that_works(company: Company, manager: Staff) -> None:
    wanted = {"staff_id": company.li.pk, "name": "crm", "scopes": ["people:read"], "expires_at": _tomorrow()}

    made = api_of(manager).post("/tokens", wanted)

    me = Api(made.json()["token"]).get("/me").json()
    assert (made.status_code, me["id"], me["scopes"]) == (201, company.li.pk, ["people:read"])
    assert problem(Api(made.json()["token"]).get("/work-orders")) == (403, "scope_missing")


def test_a_token_cannot_give_what_it_lacks(company: Company, manager: Staff) -> None:
    wanted = {"staff_id": company.li.pk, "name": "crm", "scopes": ["customers:reveal"], "expires_at": _tomorrow()}

    refused = api_of(manager, "tokens:write").post("/tokens", wanted)

    assert problem(refused) == (422, "cannot_issue_token")
    assert ApiToken.objects.filter(name="crm").count() == 0


def test_a_token_is_listed_without_itself(company: Company, manager: Staff) -> None:
    api = api_of(manager)

    listed = api.get("/tokens")

    assert [one["name"] for one in listed.json()["items"]] == ["test"]
    assert api.token not in listed.content.decode()


def test_a_revoked_token_is_refused_at_once_here(company: Company, manager: Staff) -> None:
    victim = api_of(company.li)
    assert victim.get("/me").status_code == 200

    revoked = api_of(manager).post(f"/tokens/{company.li.tokens.get().pk}/revocation")

    assert revoked.status_code == 204
    assert problem(victim.get("/me")) == (401, "unauthenticated")


def test_the_token_of_somebody_who_has_left_is_refused(company: Company, manager: Staff) -> None:
    api = api_of(company.wang)
    assert api.get("/me").status_code == 200

    end_employment(staff_id=company.wang.pk, actor_id=manager.pk, at=timezone.now())

    assert problem(api.get("/me")) == (401, "unauthenticated")


REVOKE = """
import django; django.setup()
from django.utils import timezone
from shouwen.platform.people.services import revoke_token
revoke_token(token_id={token_id}, actor_id={actor_id}, at=timezone.now())
"""


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_token_revoked_by_another_process_is_refused_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    company = small_company()
    manager, api = administrator(home_unit=company.centre), api_of(company.li)
    now_s = 1000.0
    monkeypatch.setattr(principals._tokens, "_clock", lambda: now_s)
    assert api.get("/me").status_code == 200

    _run_elsewhere(REVOKE.format(token_id=company.li.tokens.get().pk, actor_id=manager.pk))
    now_s += VIEWER_CACHE_S

    assert problem(api.get("/me")) == (401, "unauthenticated")


def _run_elsewhere(code: str) -> None:
    """Run code in another process on the database of this test."""
    test_database = settings.DATABASES["default"] | {"NAME": connection.settings_dict["NAME"]}
    url = f"postgresql://{test_database['USER']}@/{test_database['NAME']}?host={test_database['HOST']}"
    if test_database["PORT"]:
        url += f"&port={test_database['PORT']}"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "shouwen.config.settings"}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=settings.BASE_DIR, check=True, timeout=60)


def _tomorrow() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def test_the_first_token_is_issued_from_the_command_line(company: Company) -> None:
    out = StringIO()

    call_command("issue_api_token", company.li.staff_no, "--scopes", "people:read", "--by", company.gateway.staff_no, stdout=out)

    assert Api(out.getvalue().strip()).get("/me").json()["scopes"] == ["people:read"]
    with pytest.raises(CommandError, match="Nothing was found"):
        call_command("issue_api_token", "nobody", "--scopes", "people:read", stdout=out)
