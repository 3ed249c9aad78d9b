"""Calling the API in tests: a person's token and the requests made with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.http import HttpResponse
from django.test import Client

from shouwen.faces.api.choices import Scope
from shouwen.platform.people.models import ApiToken, Staff

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(2099, 1, 1, tzinfo=UTC)
EVERY_SCOPE = tuple(scope.value for scope in Scope)
ROOT = "/api/v1"


@dataclass
class Api:
    """Somebody's program. ``language`` is what it sends as Accept-Language."""

    token: str
    language: str = "en"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.ask("get", path, query)

    def post(self, path: str, body: object = None, *, key: str | None = None) -> HttpResponse:
        return self.ask("post", path, body, key=key)

    def patch(self, path: str, body: object) -> HttpResponse:
        return self.ask("patch", path, body)

    def ask(self, method: str, path: str, content: Any = None, *, key: str | None = None) -> HttpResponse:
        headers = {"Accept-Language": self.language}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        if method == "get":
            return self.client.get(ROOT + path, content or {}, headers=headers)
        data = b"" if content is None else json.dumps(content).encode()
        return getattr(self.client, method)(ROOT + path, data, content_type="application/json", headers=headers)


def api_of(person: Staff, *scopes: str, name: str = "test") -> Api:
    """Return the API as ``person``'s program calls it, with these scopes, or all."""
    token = f"sw_{person.staff_no}_{name}_{'_'.join(scopes)}"
    ApiToken.objects.create(
        staff=person,
        name=name,
        prefix=token[:11],
        digest=sha256(token.encode()).hexdigest(),
        scopes=list(scopes or EVERY_SCOPE),
        issued_at=LONG_AGO,
        expires_at=FAR_OFF,
    )
    return Api(token)


def problem(response: HttpResponse) -> tuple[int, str]:
    """Return status and code of a problem; anything that is none fails."""
    assert response["Content-Type"] == "application/problem+json", response.content
    content = json.loads(response.content)
    assert set(content) >= {"type", "title", "status", "detail", "code"}
    assert content["status"] == response.status_code
    assert content["type"] == f"urn:shouwen:problem:{content['code']}"
    return response.status_code, content["code"]
