"""``manage.py issue_api_token STAFF_NO --scopes …``: a person's first token, or a program's; later ones are issued through the API.

The issuer on record is whom the token acts as: whoever may run commands on this machine has its database too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shouwen.faces.api.choices import SCOPE_WORDS, Scope
from shouwen.kernel.errors import Refusal
from shouwen.platform.people.queries import staff_with_number
from shouwen.platform.people.services import issue_token


class Command(BaseCommand):
    help = "Issue a token with which a program acts as a member of staff, and print it: it is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        known = "; ".join(f"{scope}: {words}" for scope, words in SCOPE_WORDS.items())
        parser.add_argument("staff_no", help="whom the program acts as")
        parser.add_argument("--scopes", nargs="+", required=True, choices=[*map(str, Scope), "all"], metavar="SCOPE", help=known)
        parser.add_argument("--name", default="token", help="what the token is for")
        parser.add_argument("--days", type=int, default=90, help="how long it is valid")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        scopes = [str(scope) for scope in Scope] if "all" in options["scopes"] else options["scopes"]
        try:
            staff_id = staff_with_number(staff_no=options["staff_no"]).id
            expires_at = at + timedelta(days=options["days"])
            issued = issue_token(
                staff_id=staff_id, name=options["name"], scopes=scopes, expires_at=expires_at, actor_id=staff_id, at=at
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(issued.token)
