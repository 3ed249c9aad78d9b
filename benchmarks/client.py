"""A small HTTP client for loopback: one kept connection, cookies, Django's CSRF header. Its cost is the same on every side."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from benchmarks.protocol import WrongAnswer

TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One person at one server. Not for two threads at once."""

    def __init__(self, port: int, *, headers: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._headers = dict(headers or {})
        self._cookies: dict[str, str] = {}

    def get(self, path: str, *, expect: int = 200) -> Answer:
        return self._ask("GET", path, None, {}, expect)

    def post_form(self, path: str, fields: dict[str, object], *, expect: int = 302) -> Answer:
        return self._ask("POST", path, urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}, expect)

    def post_json(self, path: str, content: object, *, expect: int = 200, headers: dict[str, str] | None = None) -> Answer:
        body = json.dumps(content, ensure_ascii=False).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/json"} | (headers or {}), expect)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str], expect: int) -> Answer:
        self._connection.request(method, path, body, self._headers | headers | self._cookie_headers(method))
        response = self._connection.getresponse()
        answer = Answer(response.status, response.getheader("Location", ""), response.read())
        self._keep_cookies(response)
        if answer.status != expect:
            raise WrongAnswer(f"{method} {path}: {answer.status} instead of {expect}: {answer.body[:300]!r}")
        return answer

    def _cookie_headers(self, method: str) -> dict[str, str]:
        if not self._cookies:
            return {}
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if method == "POST" and (token := self._cookies.get("csrftoken")):
            headers["X-CSRFToken"] = token
        return headers

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
