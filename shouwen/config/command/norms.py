"""``shouwen norms``: check the handbook of norms, list it, print it, and export it for BPMN tools.

Everything but ``--published`` reads the handbook's files and needs no database.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import TypeVar

import yaml

from shouwen.kernel.errors import Refusal
from shouwen.kernel.plain_yaml import read_yaml
from shouwen.platform.policies.rules import PolicyEntry, PolicyInvalid, parse_text
from shouwen.records.norms.rules.definition import Norm, NormInvalid, parse_norm
from shouwen.records.norms.rules.duration import Register
from shouwen.records.norms.rules.labels import Labels
from shouwen.records.norms.rules.naming import Exemption, oversights, parse_exemptions

T = TypeVar("T")

HANDBOOK = Path(__file__).resolve().parents[3] / "handbook"
ASKED_WRONGLY = 2


class NoSuchNorm(Refusal):
    """A norm was asked for that the handbook does not have."""

    message = "The handbook has no norm %(code)s that is in force on %(day)s."


class HandbookUnreadable(Refusal):
    """The handbook has faults that `shouwen norms check` names."""

    message = "The handbook cannot be read; `shouwen norms check` says more. The first fault: %(fault)s"


@dataclass(slots=True)
class Handbook:
    """What a folder holds: norms with the file each stands in, policies, those kept elsewhere, and what could not be read, in words."""

    norms: list[tuple[str, Norm]] = field(default_factory=list)
    policies: list[PolicyEntry] = field(default_factory=list)
    exemptions: list[Exemption] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    check = verbs.add_parser("check", help="prove every norm sound; exit code 1 when one is not")
    check.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="a handbook's folder (default: SHOUWEN_HANDBOOK)")
    check.set_defaults(verb=_check)
    listing = verbs.add_parser("list", help="list the norms in force")
    listing.set_defaults(verb=_list)
    printing = verbs.add_parser("print", help="make the handbook as PDF, with a diagram for each norm")
    printing.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: handbook-LANGUAGE.pdf)")
    printing.set_defaults(verb=_print)
    bpmn = verbs.add_parser("bpmn", help="write each norm as BPMN 2.0, to open in any BPMN tool")
    bpmn.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where to write the files")
    bpmn.set_defaults(verb=_bpmn)
    for verb in (listing, printing, bpmn):
        verb.add_argument("--language", choices=("zh", "en"), default="zh", help="Chinese (default) or English")
        verb.add_argument("--norm", action="append", metavar="CODE", help="only this norm, such as 6.1; may be repeated")
        verb.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="as in force on this day (default: today)")
        verb.add_argument("--published", action="store_true", help="what is published in the database, not the files")


def run(arguments: argparse.Namespace) -> int:
    verb: Callable[[argparse.Namespace], int] = arguments.verb
    return verb(arguments)


def read_handbook(folder: Path) -> Handbook:
    """Read the norms and policies of a handbook's folder; what cannot be read is a fault, the rest is read all the same."""
    found = Handbook()
    for path in sorted((folder / "policies").glob("*.yaml")):
        try:
            found.policies += parse_text(text=path.read_text(encoding="utf-8"), where=path.name)
        except PolicyInvalid as invalid:
            found.faults += [str(problem) for problem in invalid.problems]
        except UnicodeDecodeError as error:
            found.faults.append(f"{path.name}: is not UTF-8 at byte {error.start}")
    found.norms = list(_parsed((folder / "norms").glob("*.yaml"), parse_norm, found.faults))
    for _, exemptions in _parsed((folder / "norms" / "elsewhere").glob("*.yaml"), parse_exemptions, found.faults):
        found.exemptions += exemptions
    if not found.norms and not found.faults:
        found.faults.append(f"{folder / 'norms'}: holds no norms")
    found.faults += _doubles(found.norms)
    return found


def _parsed(paths: Iterable[Path], parse: Callable[[object], T], faults: list[str]) -> Iterator[tuple[str, T]]:
    """Yield what each file holds, with its name; what cannot be read is added to ``faults``."""
    for path in sorted(paths):
        try:
            yield path.name, parse(read_yaml(path.read_text(encoding="utf-8")))
        except NormInvalid as invalid:
            faults.append(f"{path.name}: {invalid}")
        except (yaml.YAMLError, ValueError) as error:
            faults.append(f"{path.name}: is not YAML: {' '.join(str(error).split())}")


def _doubles(norms: Sequence[tuple[str, Norm]]) -> Iterator[str]:
    """Say which files claim what another file has already."""
    claimed: dict[tuple[str, ...], str] = {}
    for name, norm in norms:
        version, day = str(norm.version), norm.effective_from.isoformat()
        claims = {
            ("version", norm.id, version): f"version {version} of {norm.id} stands in {{}} too",
            ("day", norm.id, day): f"{norm.id} has another version from {day} in {{}}",
        }
        for claim, words in claims.items():
            if claim in claimed:
                yield f"{name}: {words.format(claimed[claim])}"
            claimed.setdefault(claim, name)
    slugs = {norm.slug: norm.id for _, norm in reversed(norms)}
    ids = {norm.id: norm.slug for _, norm in reversed(norms)}
    for name, norm in norms:
        if slugs[norm.slug] != norm.id or ids[norm.id] != norm.slug:
            yield f"{name}: {norm.id} {norm.slug}: id and slug belong together for ever, another file pairs them otherwise"


def _check(arguments: argparse.Namespace) -> int:
    from shouwen.records.norms.rules.soundness import check_against

    handbook = read_handbook(arguments.folder or _folder())
    register = Register.of(handbook.policies)
    defects = [
        f"{name}: {defect.place} {defect.code}: {defect.words.en}"
        for name, norm in handbook.norms
        for defect in check_against(norm=norm, register=register)
    ]
    defects += _oversights(handbook, register)
    for fault in [*handbook.faults, *defects]:
        print(fault)
    if handbook.faults or defects:
        return 1
    ids = {norm.id for _, norm in handbook.norms}
    versions = f" in {len(handbook.norms)} versions" if len(handbook.norms) > len(ids) else ""
    print(f"{len(ids)} norms{versions}, {sum(len(norm.steps) for _, norm in handbook.norms)} steps, sound")
    return 0


def _oversights(handbook: Handbook, register: Register) -> list[str]:
    """Say where norms and register miss each other; nothing while a file cannot be read, since nobody knows what it names."""
    if handbook.faults:
        return []
    norms = [norm for _, norm in handbook.norms]
    return [f"policies: {one}" for one in oversights(norms=norms, register=register, exemptions=handbook.exemptions)]


def _list(arguments: argparse.Namespace) -> int:
    norms, _ = _asked_for(arguments)
    for norm in norms:
        name = norm.name.text(arguments.language)
        print(f"{norm.id:4} {norm.slug:24} v{norm.version} {norm.effective_from} {len(norm.steps):2} steps  {name}")
    return 0


def _print(arguments: argparse.Namespace) -> int:
    """Make the PDF; FontMissing says what to do when there is no Chinese font."""
    from django.conf import settings

    from shouwen.platform.policies.rules import Place
    from shouwen.records.norms.gateways.press import find_typeface, print_pages
    from shouwen.records.norms.rules.pages import Edition, handbook

    own_fonts = os.environ.get("SHOUWEN_FONTS")
    typeface = find_typeface(own_folder=Path(own_fonts) if own_fonts else None)
    norms, policies = _asked_for(arguments)
    edition = Edition(
        labels=_labels(arguments.language),
        register=Register.of(policies),
        place=Place(settings.SHOUWEN_JURISDICTION, settings.SHOUWEN_COMPANY),
        day=_day(arguments),
        font=typeface.family,
        **_names(arguments.language),
    )
    output = arguments.output or Path(f"handbook-{arguments.language}.pdf")
    pdf = print_pages(pages=handbook(norms=norms, edition=edition), typeface=typeface, day=edition.day)
    output.write_bytes(pdf)
    print(f"{output}: {len(norms)} norms, {len(pdf) // 1024} KB, in {typeface.family}", file=sys.stderr)
    return 0


def _bpmn(arguments: argparse.Namespace) -> int:
    from shouwen.records.norms.rules.bpmn import export

    norms, _ = _asked_for(arguments)
    labels = _labels(arguments.language)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for norm in norms:
        path = arguments.output / f"{norm.id}-{norm.slug.replace('_', '-')}.bpmn"
        path.write_text(export(norm=norm, labels=labels), encoding="utf-8")
    print(f"{arguments.output}: {len(norms)} files", file=sys.stderr)
    return 0


def _asked_for(arguments: argparse.Namespace) -> tuple[list[Norm], Sequence[PolicyEntry]]:
    """Return the norms in force on the day, in the order of the handbook, and the policies beside them.

    :raises NoSuchNorm: when one was asked for that is not among them.
    :raises HandbookUnreadable: when the files have faults.
    """
    _prepare_words()
    norms, policies = _published(arguments) if arguments.published else _in_files(arguments)
    if arguments.norm:
        missing = sorted(set(arguments.norm) - {norm.id for norm in norms})
        if missing:
            raise NoSuchNorm(code=missing[0], day=_day(arguments))
        norms = [norm for norm in norms if norm.id in arguments.norm]
    return norms, policies


def _published(arguments: argparse.Namespace) -> tuple[list[Norm], Sequence[PolicyEntry]]:
    from shouwen.config.command.start import start_django

    start_django()
    from django.utils import timezone

    from shouwen.platform.policies.queries import all_entries
    from shouwen.records.norms.queries import list_norms

    noon = datetime.combine(_day(arguments), time(12), tzinfo=timezone.get_default_timezone())
    return [card.norm for card in list_norms(at=noon)], all_entries(known_at=timezone.now())


def _in_files(arguments: argparse.Namespace) -> tuple[list[Norm], Sequence[PolicyEntry]]:
    handbook = read_handbook(_folder())
    if handbook.faults:
        raise HandbookUnreadable(fault=handbook.faults[0])
    in_force: dict[str, Norm] = {}
    for _, norm in sorted(handbook.norms, key=lambda one: one[1].effective_from):
        if norm.effective_from <= _day(arguments):
            in_force[norm.id] = norm
    return sorted(in_force.values(), key=lambda norm: [int(part) for part in norm.id.split(".")]), handbook.policies


def _folder() -> Path:
    return Path(os.environ.get("SHOUWEN_HANDBOOK", HANDBOOK))


def _day(arguments: argparse.Namespace) -> date:
    from django.utils import timezone

    day: date = arguments.day or timezone.localdate(timezone.now())
    return day


def _prepare_words() -> None:
    """Set Django up for its catalogues alone: no database is started or asked."""
    import django

    from shouwen.config.catalogues import compile_stale

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    compile_stale()
    django.setup()


def _labels(language: str) -> Labels:
    from shouwen.platform.people.choices import RoleCode, UnitKind

    return Labels(language, roles=_named(RoleCode.choices, language), units=_named(UnitKind.choices, language))


def _names(language: str) -> dict[str, dict[str, str]]:
    from shouwen.records.norms.choices import Channel, PauseReason, TargetKind

    lists = {"channels": Channel.choices, "targets": TargetKind.choices, "reasons": PauseReason.choices}
    return {name: _named(choices, language) for name, choices in lists.items()}


def _named(choices: Sequence[tuple[object, object]], language: str) -> dict[str, str]:
    from django.utils import translation

    with translation.override("zh-hans" if language == "zh" else "en"):
        return {str(code): str(label) for code, label in choices}
