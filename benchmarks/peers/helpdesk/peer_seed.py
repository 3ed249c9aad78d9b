"""Fill an empty database of django-helpdesk: ``python peer_seed.py AGENTS OPEN_PER_AGENT TICKETS TITLE BODY``."""

import os
import sys
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer_settings")

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from helpdesk.models import FollowUp, Queue, Ticket  # noqa: E402


def main(agents: int, open_per_agent: int, tickets: int, title: str, body: str) -> None:
    call_command("migrate", verbosity=0)
    call_command("loaddata", "emailtemplate.json", verbosity=0)
    queue = Queue.objects.create(title="Power supply", slug="power", allow_public_submission=True)
    people = [
        User.objects.create_user(f"agent{n}", f"agent{n}@localhost", "agent", is_staff=True, is_superuser=True)
        for n in range(agents)
    ]
    made = [_ticket(number, queue, people, open_per_agent, title, body) for number in range(tickets)]
    Ticket.objects.bulk_create(made, batch_size=1000)
    start = timezone.now()
    followups = [
        FollowUp(ticket=row, date=start, title="Ticket Opened", comment=body, public=True, user=row.assigned_to) for row in made
    ]
    FollowUp.objects.bulk_create(followups, batch_size=1000)


def _ticket(number: int, queue: Queue, people: list[User], open_per_agent: int, title: str, body: str) -> Ticket:
    is_open = number < open_per_agent * len(people)
    return Ticket(
        queue=queue,
        title=title.format(number=number),
        description=body.format(number=number),
        submitter_email="customer@localhost",
        created=timezone.now() - timedelta(minutes=number),
        assigned_to=people[number % len(people)],
        status=Ticket.OPEN_STATUS if is_open else Ticket.CLOSED_STATUS,
        priority=number % 5 + 1,
        secret_key=f"key-{number}",
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:6])  # type: ignore[arg-type]
