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
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.tests.factories import Company, lamp_out, opened, small_company, told
from shouwen.platform.audit.models import Look
from shouwen.platform.people import principals
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import ApiToken, Staff
from shouwen.platform.people.principals import VIEWER_CACHE_S
from shouwen.platform.people.services import end_employment
from shouwen.platform.people.tests.factories import LONG_AGO, administrator, staff_with_role
from shouwen.records.customers.tests.factories import CustomerFactory
from shouwen.records.norms.services import publish_norm_version


@pytest.fixture
def manager(company: Company) -> Staff:
    return administrator(home_unit=company.centre)


def test_an_administrator_issues_a_token_for_a_program(company: Company, manager: Staff) -> None:
    made = api_of(manager).post("/tokens", _wanted(company.gateway, "people:read"))

    me = Api(made.json()["token"]).get("/me").json()
    assert (made.status_code, me["id"], me["scopes"]) == (201, company.gateway.pk, ["people:read"])
    assert problem(Api(made.json()["token"]).get("/work-orders")) == (403, "scope_missing")


def test_everybody_issues_narrower_tokens_for_themselves(company: Company, li: Api) -> None:
    made = li.post("/tokens", _wanted(company.li, "people:read"))

    me = Api(made.json()["token"]).get("/me").json()
    assert (made.status_code, me["id"], me["scopes"]) == (201, company.li.pk, ["people:read"])


def test_no_administrator_reads_a_secret_matter_through_a_token_for_somebody_else(company: Company) -> None:
    """Neither as the discipline officer, nor as a program that may do everything inside."""
    order = secret_matter(company)
    officer = staff_with_role(RoleCode.DISCIPLINE_OFFICER, home_unit=company.centre)
    operator = api_of(staff_with_role(RoleCode.SYSTEM_OPERATOR, home_unit=company.centre))

    refused = operator.post("/tokens", _wanted(officer, "orders:read", "customers:reveal"))
    as_program = Api(operator.post("/tokens", _wanted(company.gateway, "orders:read", "orders:write")).json()["token"])

    assert problem(refused) == (422, "cannot_issue_token")
    assert officer.tokens.count() == 0
    for api in (operator, as_program):
        assert problem(api.get(f"/work-orders/{order.pk}")) == (404, "not_found")
        assert order.pk not in {line["id"] for line in api.get("/work-orders").json()["items"]}
    assert api_of(officer).get(f"/work-orders/{order.pk}").status_code == 200


def test_a_program_meets_a_secret_matter_only_where_a_customer_speaks_through_it(company: Company) -> None:
    order, gateway = secret_matter(company), api_of(company.gateway)
    target_id = Target.objects.filter(work_order=order).values_list("pk", flat=True).first()
    subject = {"changes": {"subject": {"seen": "?", "wanted": "x"}}}

    answers = [
        gateway.get(f"/work-orders/{order.pk}/timeline"),
        gateway.get(f"/work-orders/{order.pk}/messages"),
        gateway.get(f"/targets/{target_id}/reason"),
        gateway.patch(f"/work-orders/{order.pk}", subject),
        gateway.post(f"/work-orders/{order.pk}/owner", {"to_staff_id": company.chen.pk, "reason": "x"}),
    ]

    assert [problem(answer) for answer in answers] == [(404, "not_found")] * 5
    assert told(order)[-1] == "WorkOrderOpened"
    assert gateway.post(f"/work-orders/{order.pk}/urgings").json() == {"urge_count": 1}
    assert problem(gateway.post(f"/work-orders/{order.pk}/grade", {"grade": 5, "source": "key"}))[0] == 409


def test_a_program_sees_every_matter_that_is_not_secret(company: Company) -> None:
    order, gateway = opened(company), api_of(company.gateway)

    seen = gateway.get(f"/work-orders/{order.pk}").json()

    assert [line["id"] for line in gateway.get("/work-orders").json()["items"]] == [order.pk]
    assert "change_owner" in seen["verbs"]


def test_a_program_reads_no_clear_text(company: Company) -> None:
    customer = CustomerFactory(name="张小明")

    refused = api_of(company.gateway).post(f"/customers/{customer.pk}/reveals", {"fields": ["name"], "reason": "x"})

    assert problem(refused) == (403, "not_allowed")
    assert Look.objects.count() == 0


def secret_matter(company: Company) -> WorkOrder:
    publish_norm_version(document=lamp_out(slug="misconduct_report", id="6.4"), actor_id=None, at=LONG_AGO)
    return opened(company, norm="misconduct_report")


def test_a_token_cannot_give_what_it_lacks(company: Company, manager: Staff) -> None:
    refused = api_of(manager, "tokens:write").post("/tokens", _wanted(company.gateway, "customers:reveal"))

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


def _wanted(holder: Staff, *scopes: str) -> dict[str, object]:
    tomorrow = timezone.now() + timedelta(days=1)
    return {"staff_id": holder.pk, "name": "crm", "scopes": list(scopes), "expires_at": tomorrow.isoformat()}


def test_the_first_token_is_issued_from_the_command_line(company: Company) -> None:
    out = StringIO()

    call_command("issue_api_token", company.li.staff_no, "--scopes", "people:read", stdout=out)

    assert Api(out.getvalue().strip()).get("/me").json()["scopes"] == ["people:read"]
    with pytest.raises(CommandError, match="Nothing was found"):
        call_command("issue_api_token", "nobody", "--scopes", "people:read", stdout=out)
