"""Fill an empty database of the lean floor.

``python -m benchmarks.limits.lean_seed AGENTS OPEN_PER_AGENT MATTERS TITLE BODY``
"""

import sys

from benchmarks.limits import lean_django

lean_django.make()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.limits.lean_app.models import Matter, Note  # noqa: E402


def main(agents: int, open_per_agent: int, matters: int, title: str, body: str) -> None:
    call_command("migrate", "auth", verbosity=0)  # first, since our two tables point at it
    call_command("migrate", run_syncdb=True, verbosity=0)
    people = [User.objects.create_user(f"agent{number}", password="agent") for number in range(agents)]
    rows = [
        Matter(
            title=title.format(number=number),
            body=body.format(number=number),
            agent=people[number % agents],
            is_open=number < open_per_agent * agents,
        )
        for number in range(matters)
    ]
    Matter.objects.bulk_create(rows, batch_size=5000)
    Note.objects.bulk_create([Note(matter=row, author=row.agent, text=body) for row in rows], batch_size=5000)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:6])  # type: ignore[arg-type]
