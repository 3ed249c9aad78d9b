"""What the house promises of itself and import-linter cannot see. Each test names the places that break it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db import models

from shouwen.config.map import FLOORS

ROOT = Path(__file__).resolve().parent.parent / "shouwen"
FLATS_IN_ORDER = (
    "outbox", "calendars", "people", "policies", "files", "search", "audit",
    "network", "customers", "norms",
    "messages", "workorders", "contact", "satisfaction",
    "api",
)  # fmt: skip
OUTSIDE = frozenset(
    {"smtplib", "imaplib", "socket", "http.client", "urllib.request", "requests", "httpx", "aiohttp", "subprocess"}
)
CLOCKS = frozenset({("timezone", "now"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")})
EDGES = frozenset({"views", "tasks", "handlers", "middleware", "gateways", "api", "jobs"})


def test_foreign_keys_point_down() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in _our_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and _is_ours(field.related_model) and _place(field.related_model) > _place(model)
    ]

    assert wrong == []


def test_no_column_holds_a_float() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in _our_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
    ]

    assert wrong == []


def test_every_constraint_has_a_name_that_can_be_read() -> None:
    names = [constraint.name for model in _our_models() for constraint in model._meta.constraints]

    assert [name for name in names if "_" not in name] == []
    assert len(names) > 50


def test_models_have_no_workflow() -> None:
    wrong = [
        f"{path}: {node.name}.{line.name}"
        for path, tree in _modules("models")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.FunctionDef) and line.name in ("save", "delete", "clean", "full_clean")
    ]

    assert wrong == []


def test_no_django_signals() -> None:
    wrong = [str(path) for path, tree in _all_modules() if any("signals" in name for name in _imports(tree))]

    assert wrong == []


def test_verbs_and_questions_talk_to_nobody_outside() -> None:
    """Nothing leaves the building inside a transaction: only gateways (and the command's own surroundings) can."""
    wrong = [
        f"{path}: {name}"
        for room in ("services", "queries", "models", "rules", "permissions", "handlers", "views")
        for path, tree in _modules(room)
        for name in _imports(tree)
        if name in OUTSIDE
    ]

    assert wrong == []


def test_services_do_not_import_gateways() -> None:
    wrong = [str(path) for path, tree in _modules("services") if any(".gateways" in name for name in _imports(tree))]

    assert wrong == []


def test_edges_do_not_import_models() -> None:
    wrong = [
        f"{path}: {name}"
        for room in ("views", "tasks", "handlers")
        for path, tree in _modules(room)
        for name in _imports(tree)
        if name.startswith("shouwen.") and name.endswith(".models")
    ]

    assert wrong == []


def test_rules_know_no_database_no_settings_and_no_clock() -> None:
    wrong = [
        f"{path}: {name}"
        for path, tree in _modules("rules")
        for name in _imports(tree)
        if name.startswith("django") and not name.startswith("django.utils.translation")
    ]

    assert wrong == []


def test_only_the_edges_read_the_clock() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in _all_modules()
        if not _is_edge(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) in CLOCKS
    ]

    assert wrong == []


def test_public_verbs_and_questions_take_keywords() -> None:
    wrong = [
        f"{path}: {node.name}"
        for room in ("services", "queries")
        for path, tree in _modules(room)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in _exported(path) and (node.args.args or node.args.kwarg)
    ]

    assert wrong == []


def test_no_handler_does_more_than_call() -> None:
    wrong = [
        f"{path}: {node.name}"
        for path, tree in _modules("handlers")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and len(_without_docstring(node)) > 1
    ]

    assert wrong == []


def test_no_module_is_called_after_nothing() -> None:
    nothing = {"common", "utils", "helpers", "core", "misc", "manager", "util"}

    assert [str(path) for path, _ in _all_modules() if {*path.parts, path.stem} & nothing] == []


def test_the_contracts_name_every_floor() -> None:
    contracts = (ROOT.parent / ".importlinter").read_text()

    floors = [path.name for path in ROOT.iterdir() if path.is_dir() and (path / "__init__.py").exists()]
    assert [floor for floor in floors if f"\n    {floor}\n" not in contracts] == []
    assert set(floors) <= set(FLOORS)


def _our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if _is_ours(model)]


def _is_ours(model: type[models.Model]) -> bool:
    return model.__module__.startswith("shouwen.")


def _place(model: type[models.Model]) -> int:
    return FLATS_IN_ORDER.index(model.__module__.split(".")[2])


@cache
def _all_modules() -> tuple[tuple[Path, ast.Module], ...]:
    paths = [path for path in sorted(ROOT.rglob("*.py")) if not {"tests", "migrations"} & set(path.parts)]
    return tuple((path.relative_to(ROOT.parent), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def _modules(room: str) -> Iterator[tuple[Path, ast.Module]]:
    return (pair for pair in _all_modules() if room in pair[0].with_suffix("").parts[3:])


def _imports(tree: ast.Module) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _is_edge(path: Path) -> bool:
    parts = set(path.with_suffix("").parts)
    return bool(parts & EDGES) or "command" in parts


def _called(call: ast.Call) -> tuple[str, str]:
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id, call.func.attr
    return "", ""


def _exported(path: Path) -> set[str]:
    """Return the names that the room's package offers to other flats; for a room that is one module, all that are not private."""
    room = next(parent for parent in (path, *path.parents) if parent.with_suffix("").name in ("services", "queries"))
    if room.suffix:
        return {
            node.name
            for node in ast.parse((ROOT.parent / room).read_text()).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }
    tree = ast.parse((ROOT.parent / room / "__init__.py").read_text())
    return {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def _without_docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    has_docstring = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    return node.body[1:] if has_docstring else node.body
