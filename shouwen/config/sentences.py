"""Every sentence of the house that people read, found in its code and its pages. The English sentence is the key of the catalogue.

A sentence is

* what is marked by ``_("…")`` and its like, in code and in templates (plurals too);
* the ``message`` of a refusal, and the first argument and the ``problem`` of a call of one, also through ``super().__init__``;
* the ``problem`` and the ``hint`` of a ``BadInput``, but not in the kernel or in commands: programs and administrators read those;
* the ``message`` of a class that keeps a key with its ``details`` for later, such as a problem of an imported row.

An argument need not be written out where the refusal is raised: a condition, a local or imported name, a table of texts, the result of
a function and the parameter of one are followed to the texts they can come to. What is put together at run time
(an f-string, another program's words) has no key and stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ONE = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop"})
MANY = frozenset({"ngettext", "ngettext_lazy"})
NOT_OF_PAGES = frozenset({"kernel", "config"})
SKIPPED = frozenset({"tests", "migrations"})
ON_PAGE = re.compile(r""" (?P<mark>_|n?gettext)\((?P<words>(?:"[^"]*"|'(?:[^'\\]|\\.)*'|[^()"'])*)\)""")
CLASS = re.compile(r"^[ \t]*class (\w+)\(([^)]*)\)", re.MULTILINE)
KEPT_KEY = re.compile(r"^ +message: str", re.MULTILINE)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Sentence(NamedTuple):
    """A key of the catalogue; ``plural`` is what English says of many, and empty where nothing is counted."""

    key: str
    plural: str = ""


def sentences(root: Path = ROOT) -> dict[Sentence, list[str]]:
    """Return every sentence that people read, with the files below the parent of ``root`` in which it stands."""
    found: dict[Sentence, list[str]] = {}
    house = _House(root)
    for path, told in [*house.in_code(), *house.on_pages()]:
        place = str(path.relative_to(root.parent))
        for sentence in told:
            places = found.setdefault(sentence, [])
            if place not in places:
                places.append(place)
    return found


class _House:
    """The code as a whole: its families of classes, and its modules, read only where something is said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        paths = [path for path in sorted(root.rglob("*.py")) if not SKIPPED & set(path.parts)]
        self.texts = {path: path.read_text(encoding="utf-8") for path in paths}
        self.paths = {_dotted(path, root): path for path in paths}
        self.parents: dict[str, set[str]] = {}
        for text in self.texts.values():
            for name, bases in CLASS.findall(text):
                self.parents.setdefault(name, set()).update(base.strip().rpartition(".")[2] for base in bases.split(","))
        self.bad_inputs = self._family("BadInput")
        self.refusals = self._family("Refusal") - self.bad_inputs

    def _family(self, name: str) -> frozenset[str]:
        """Return the name of a class with those of all its heirs, however many lie between."""
        names, grown = set[str](), {name}
        while grown - names:
            names |= grown
            grown = {heir for heir, parents in self.parents.items() if parents & names}
        return frozenset(names)

    @cached_property
    def keepers(self) -> dict[str, int]:
        """Return the classes that keep a key with its ``details``, and where they take it."""
        kept = {}
        for path, text in self.texts.items():
            if KEPT_KEY.search(text) and "details:" in text:
                for name, node in self.module(path).classes.items():
                    fields = [
                        line.target.id
                        for line in node.body
                        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
                    ]
                    if {"message", "details"} <= set(fields):
                        kept[name] = fields.index("message")
        return kept

    @cached_property
    def speakers(self) -> list[_Module]:
        """Return the modules in which something is said."""
        names = "|".join([*self.refusals, *self.bad_inputs, *self.keepers])
        says = re.compile(rf"\b_\(|gettext|\b(?:{names})\(")
        return [self.module(path) for path, text in self.texts.items() if says.search(text)]

    @cached_property
    def beginners(self) -> frozenset[str]:
        """Return the refusals that are not called with their message, because they or a class above them have an ``__init__``."""
        own = {
            heir
            for module in self.speakers
            for name, node in module.classes.items()
            if name in self.refusals - {"Refusal"} and any(getattr(line, "name", "") == "__init__" for line in node.body)
            for heir in self._family(name)
        }
        return frozenset(own)

    def module(self, path: Path) -> _Module:
        if path not in self._modules:
            self._modules[path] = _Module(path, ast.parse(self.texts[path]), self)
        return self._modules[path]

    @cached_property
    def _modules(self) -> dict[Path, _Module]:
        return {}

    def in_code(self) -> Iterator[tuple[Path, Iterator[Sentence]]]:
        for module in self.speakers:
            yield module.path, module.sentences()

    def on_pages(self) -> Iterator[tuple[Path, Iterator[Sentence]]]:
        for page in sorted([*self.root.rglob("*.html"), *self.root.rglob("*.txt")]):
            if not SKIPPED & set(page.parts):
                yield page, _on_page(page.read_text(encoding="utf-8"))


def _dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _on_page(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a template. Django itself says what its tags mark; only the marked is left of what it returns."""
    if "{%" not in text:
        return
    from django.utils.translation.template import templatize

    for found in ON_PAGE.finditer(templatize(text)):
        texts = [ast.literal_eval(word) for word in re.findall(r""""[^"]*"|'(?:[^'\\]|\\.)*'""", found["words"])]
        yield Sentence(*texts[:2] if found["mark"] == "ngettext" else texts[:1])


def _parts(node: ast.expr | None) -> list[ast.expr]:
    """Return the expressions to one of which an expression comes."""
    match node:
        case ast.IfExp(body=first, orelse=second):
            return [first, second]
        case ast.BoolOp(values=values) | ast.Dict(values=values):
            return values
        case ast.NamedExpr(value=value) | ast.Subscript(value=value) | ast.Call(func=ast.Attribute(value=value, attr="get")):
            return [value]
    return []


class _Module:
    """One module: its classes, its functions, and what its names can come to."""

    def __init__(self, path: Path, tree: ast.Module, house: _House) -> None:
        self.path, self.tree, self.house = path, tree, house

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}

    @cached_property
    def functions(self) -> dict[str, Function]:
        return {node.name: node for node in self.nodes if isinstance(node, Function)}

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Return from which module, under which name there, each imported name comes."""
        return {
            alias.asname or alias.name: (node.module, alias.name)
            for node in self.nodes
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }

    @cached_property
    def homes(self) -> dict[ast.AST, ast.AST]:
        """Return the function or class in which each node stands, the innermost."""
        homes: dict[ast.AST, ast.AST] = {}
        for outer in self.nodes:  # breadth first, so that the innermost comes last
            if isinstance(outer, Function | ast.ClassDef):
                homes.update((inner, outer) for inner in ast.walk(outer) if inner is not outer)
        return homes

    def sentences(self) -> Iterator[Sentence]:
        for name, node in self.classes.items():
            if name in self.house.refusals | self.house.bad_inputs:
                yield from map(Sentence, self._values(node.body, "message", frozenset()))
        for call in self.calls:
            yield from self._said_by(call)

    def _said_by(self, call: ast.Call) -> Iterator[Sentence]:
        name = _name_of(call.func)
        if name in MANY and len(call.args) > 1:
            one, many = (list(self._texts(word, frozenset())) for word in call.args[:2])
            yield from map(Sentence, one, many)
        for word in self._words_of(call, name):
            yield from map(Sentence, self._texts(word, frozenset()))

    def _words_of(self, call: ast.Call, name: str) -> Iterator[ast.expr]:
        """Yield the arguments that are keys of the catalogue."""
        by_keyword = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if name in ONE:
            yield from call.args[:1]
        elif name in self.house.refusals - self.house.beginners or self._is_own_beginning(call):
            yield from [*call.args[:1], *(by_keyword[word] for word in ("message", "problem") if word in by_keyword)]
        elif name in self.house.bad_inputs and not NOT_OF_PAGES & {self._floor}:
            yield from [*call.args[1:3], *(by_keyword[word] for word in ("problem", "hint") if word in by_keyword)]
        elif self._keeps(name):
            place = self.house.keepers[name]
            yield from [*call.args[place : place + 1], *(by_keyword[word] for word in ("message",) if word in by_keyword)]

    @property
    def _floor(self) -> str:
        return self.path.relative_to(self.house.root).parts[0]

    def _is_own_beginning(self, call: ast.Call) -> bool:
        """Return whether this is ``super().__init__(…)`` of a refusal."""
        match call.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
                return any(name in self.house.refusals and call in set(ast.walk(node)) for name, node in self.classes.items())
        return False

    def _keeps(self, name: str) -> bool:
        """Return whether the class of this name, as this module knows it, keeps a key."""
        if name not in self.house.keepers:
            return False
        found = self.keeper(name)
        return found is not None and KEPT_KEY.search(ast.unparse(found)) is not None

    def keeper(self, name: str) -> ast.ClassDef | None:
        """Return the class of this name, here or where it is from."""
        if name in self.classes:
            return self.classes[name]
        home, there = self._from(name)
        return home.keeper(there) if home else None

    def _from(self, name: str) -> tuple[_Module | None, str]:
        module, there = self.imports.get(name, ("", ""))
        path = self.house.paths.get(module)
        return (self.house.module(path) if path else None), there

    def _texts(self, node: ast.expr | None, seen: frozenset[str]) -> Iterator[str]:
        """Yield the texts to which an expression can come; ``seen`` are the names that led to it."""
        match node:
            case ast.Constant(value=str(text)) if text.strip():
                yield text
            case ast.Call(func=ast.Name() | ast.Attribute(value=ast.Name()) as function) if _name_of(function) not in seen:
                yield from self._called(function, seen | {_name_of(function)})
            case ast.Attribute(value=ast.Name(), attr=name) | ast.Name(id=name) if name not in seen:
                yield from self._named(name, node, seen | {name})
        for part in _parts(node):
            yield from self._texts(part, seen)

    def _named(self, name: str, node: ast.expr, seen: frozenset[str]) -> Iterator[str]:
        """Yield the texts of a name: of the function or class in which it stands, else of the module, else of where it is from."""
        home = self.homes.get(node)
        while isinstance(home, Function):
            if name in (parameters := [argument.arg for argument in [*home.args.args, *home.args.kwonlyargs]]):
                yield from self._given(home, name, parameters, seen)
                return
            if local := list(self._values(home.body, name, seen)):
                yield from local
                return
            home = self.homes.get(home)
        lines = home.body if isinstance(home, ast.ClassDef) and isinstance(node, ast.Attribute) else self.tree.body
        yield from self._values(lines, name, seen)
        imported, there = self._from(name)
        if imported:
            yield from imported._values(imported.tree.body, there, seen)

    def _values(self, lines: list[ast.stmt], name: str, seen: frozenset[str]) -> Iterator[str]:
        """Yield the texts that are assigned to ``name`` in these lines or below them."""
        for line in lines:
            for node in ast.walk(line):
                match node:
                    case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                        yield from self._texts(value, seen)
                    case ast.AnnAssign(target=ast.Name(id=target), value=value) if target == name:
                        yield from self._texts(value, seen)
                    case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                        yield from self._texts(value, seen)

    def _called(self, function: ast.Name | ast.Attribute, seen: frozenset[str]) -> Iterator[str]:
        """Yield the texts that a function returns: of this module, imported by its name, or called by that of its module."""
        home: _Module | None = self
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            package, there = self.imports.get(function.value.id, ("", ""))
            path = self.house.paths.get(f"{package}.{there}")
            home = self.house.module(path) if path else None
        if home:
            yield from home.returned_by(_name_of(function), seen)

    def returned_by(self, name: str, seen: frozenset[str]) -> Iterator[str]:
        """Yield the texts that the function of this name returns, here or where it is from."""
        if name in self.functions:
            yield from self._returned(self.functions[name], seen)
            return
        home, there = self._from(name)
        if home:
            yield from home.returned_by(there, seen)

    def _returned(self, function: Function, seen: frozenset[str]) -> Iterator[str]:
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield):
                yield from self._texts(node.value, seen)

    def _given(self, function: Function, name: str, parameters: list[str], seen: frozenset[str]) -> Iterator[str]:
        """Yield the texts that calls give to a parameter: in this module, or everywhere when it is of the beginning of a refusal."""
        home = self.homes.get(function)
        is_beginning = function.name == "__init__" and isinstance(home, ast.ClassDef)
        called = home.name if is_beginning and isinstance(home, ast.ClassDef) else function.name
        place = parameters.index(name) - (parameters[0] in ("self", "cls"))
        for module in self.house.speakers if is_beginning else [self]:
            for call in module.calls:
                if _name_of(call.func) == called:
                    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
                    for word in [*call.args[place : place + 1], *named]:
                        yield from module._texts(word, seen)
