"""``shouwen doctor``: what is configured, what can be reached, what is behind; each finding says what to do."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from shouwen.config.command.start import CannotStart, start_django_with_any_keys

MARKS = {"ok": "✓", "warning": "!", "fault": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object with all findings")


def run(arguments: argparse.Namespace) -> int:
    from shouwen.config.diagnosis import Finding, Level, examine
    from shouwen.config.keys import SecretMissing, SecretUnusable

    try:
        start_django_with_any_keys()
    except CannotStart as refusal:
        findings = [Finding("database", Level.FAULT, refusal.explain(), "start it, or set DATABASE_URL")]
    except (SecretMissing, SecretUnusable) as refusal:
        findings = [Finding("secrets", Level.FAULT, refusal.explain(), "see Keys in docs/howto/operate.md")]
    else:
        from django.utils import timezone

        findings = examine(at=timezone.now())
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        _tell(findings)
    return 1 if any(finding.level is Level.FAULT for finding in findings) else 0


def _tell(findings: list) -> None:  # type: ignore[type-arg]
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        print(f"{MARKS[finding.level]} {finding.subject:<{width}}  {finding.says}")
        if finding.advice:
            print(f"  {'':<{width}}  → {finding.advice}")
