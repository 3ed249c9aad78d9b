"""The one door to which whole mails are brought: it takes larger bodies than the setting allows, from callers whom it knows."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import Bearer, Caller

LARGEST_BYTES = 40_000_000  # a contact of 25 MB is 34 MB in base64


class BearerOfMuch(Bearer):
    """Lets in like ``Bearer``, and then takes a body of up to ``largest_bytes``: nobody else makes us hold so much.

    Everywhere else ``DATA_UPLOAD_MAX_MEMORY_SIZE`` is the limit.
    """

    def __init__(self, scope: Scope, *, largest_bytes: int = LARGEST_BYTES) -> None:
        super().__init__(scope)
        self.largest_bytes = largest_bytes

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller.

        :raises RequestDataTooBig: when the body is larger; it is not read then.
        """
        caller = super().__call__(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.largest_bytes:
            raise RequestDataTooBig
        request._body = request.read()  # where Django looks before it asks for the setting
        return caller
