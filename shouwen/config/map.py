"""The map of the house, written into ``docs/house.md`` from the code itself: floors and flats, facts and who hears them, who may do what.

    python -m shouwen.config.map            write it
    python -m shouwen.config.map --check    fail when the page is stale

What is written by hand stands above the mark in the page; everything below it is made here. No database is needed.
"""

from __future__ import annotations

import ast
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT.parent / "docs" / "house.md"
MARK = "<!-- Below this line the page is made by `make map`. -->"
FLOORS = ("config", "faces", "insight", "quality", "repair", "supply", "loop", "records", "web", "platform", "kernel")
ROOMS = (
    "services",
    "queries",
    "rules",
    "handlers",
    "tasks",
    "gateways",
    "views",
    "api",
    "permissions",
    "models",
    "events",
    "choices",
)


def page() -> str:
    """Return the whole page: what was written by hand, and the map."""
    by_hand = PAGE.read_text(encoding="utf-8").split(MARK)[0] if PAGE.exists() else "# The house\n\n"
    parts = (_flats(), _facts(), _verbs(), _jobs())
    return by_hand.rstrip() + f"\n\n{MARK}\n\n" + "\n\n".join(parts) + "\n"


def _flats() -> str:
    lines = ["## Flats", "", "| floor | flat | what | rooms |", "|---|---|---|---|"]
    for floor in FLOORS:
        for flat in _flats_on(floor):
            module = import_module(f"shouwen.{floor}.{flat}" if flat else f"shouwen.{floor}")
            says = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
            lines.append(f"| {floor} | {flat or '–'} | {says} | {', '.join(_rooms_of(floor, flat))} |")
    return "\n".join(lines)


def _flats_on(floor: str) -> list[str]:
    folder = ROOT / floor
    if not folder.exists():
        return []
    flats = sorted(path.parent.name for path in folder.glob("*/apps.py"))
    return flats or [""]


def _rooms_of(floor: str, flat: str) -> list[str]:
    folder = ROOT / floor / flat
    return [room for room in ROOMS if (folder / f"{room}.py").exists() or (folder / room / "__init__.py").exists()]


def _facts() -> str:
    from django.utils.module_loading import autodiscover_modules

    from shouwen.platform.outbox import hearing

    autodiscover_modules("events")
    announcers = _announcers()
    lines = ["## Facts", "", "| fact | told of | announced by | heard by |", "|---|---|---|---|"]
    for name, kind in sorted(hearing.all_kinds().items(), key=lambda pair: (pair[1].__module__, pair[0])):
        if (
            not kind.__module__.startswith("shouwen.")
            or ".tests." in kind.__module__
            or not _is_announced(name, announcers, kind)
        ):
            continue
        told_by = ", ".join(sorted(announcers.get(name, set()))) or "–"
        heard_by = ", ".join(hearer.name for hearer in hearing.hearers_of(name)) or "–"
        lines.append(f"| {name} | {kind.case_kind} | {told_by} | {heard_by} |")
    return "\n".join(lines)


def _is_announced(name: str, announcers: dict[str, set[str]], kind: type) -> bool:
    """Leave out the roots that only say what a flat's facts have in common."""
    return name in announcers or not kind.__subclasses__()


@cache
def _announcers() -> dict[str, set[str]]:
    """Return for each fact the verbs' modules that make it: found by its name being called in a services or rules module."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(ROOT.rglob("*.py")):
        if "services" not in str(path.relative_to(ROOT)) or "tests" in path.parts:
            continue
        parts = path.relative_to(ROOT).with_suffix("").parts
        for name in _called_names(path):
            found[name].add(".".join(parts[1:]).removesuffix(".__init__"))
    return found


def _called_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        elif isinstance(node, ast.IfExp):
            for branch in (node.body, node.orelse):
                if isinstance(branch, ast.Attribute):
                    yield branch.attr


def _verbs() -> str:
    from shouwen.loop.workorders.permissions import ALLOWED, Relation

    relations = list(Relation)
    lines = [
        "## Who may do what with a matter",
        "",
        "| verb | " + " | ".join(str(relation) for relation in relations) + " |",
        "|---|" + "---|" * len(relations),
    ]
    for verb, allowed in ALLOWED.items():
        lines.append(f"| {verb} | " + " | ".join("✓" if relation in allowed else "" for relation in relations) + " |")
    return "\n".join(lines)


def _jobs() -> str:
    from shouwen.config.jobs import JOBS

    lines = ["## What happens by itself", "", "| job | when (the sixth field is the second) | what |", "|---|---|---|"]
    return "\n".join(lines + [f"| {job.name} | `{job.cron}` | {job.says} |" for job in JOBS])


def main(words: list[str]) -> int:
    """Write the page, or compare it; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    os.environ.setdefault("SHOUWEN_TESTING", "1")
    import django

    django.setup()
    fresh = page()
    if "--check" in words:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh:
            print("docs/house.md is stale; run: make map")  # noqa: T201 - this is a command
            return 1
        return 0
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
