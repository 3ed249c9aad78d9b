"""The handbook read: norms with their pictures, policies with their sources."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils.translation import override
from ninja import Query, Router

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks, draws
from shouwen.faces.api.door.replies import page, shown
from shouwen.faces.api.door.shapes import AskedCode, AskedLine, Limit, PathCode, PathId, Shape
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.policies.queries import PolicyCard, PolicyFilters
from shouwen.platform.policies.queries import get_policy as read_policy
from shouwen.platform.policies.queries import list_policies as read_policies
from shouwen.records.norms import queries
from shouwen.records.norms.rules.definition import Norm
from shouwen.records.norms.rules.labels import Labels

READ = Scope.HANDBOOK_READ

router = Router(tags=["handbook"])


class WordsShape(Shape):
    zh: str
    en: str


class NormLine(Shape):
    """One norm in the version in force; `version_id` asks for exactly this text, now or in ten years."""

    version_id: int
    id: str
    slug: str
    version: int
    effective_from: date
    name: WordsShape
    digest: str


class NormLines(Shape):
    items: list[NormLine]
    next: str | None


@router.get("/norms", **asks(READ, gives=NormLines))
def list_norms(request: ApiRequest) -> HttpResponse:
    """List every norm in force, in the order of the handbook: all on one page."""
    cards = queries.list_norms(at=request.auth.at)
    lines = [
        {
            "version_id": card.version_id,
            "id": card.norm.id,
            "slug": card.norm.slug,
            "version": card.norm.version,
            "effective_from": card.norm.effective_from,
            "name": card.norm.name,
            "digest": card.norm.digest,
        }
        for card in cards
    ]
    return page(request, lines, next_after=None)


class NormShape(Shape):
    """One version of one norm as the handbook writes it."""

    version_id: int
    digest: str
    document: dict[str, Any]


@router.get("/norms/{slug}", **asks(READ, gives=NormShape))
def get_norm(request: ApiRequest, slug: PathCode) -> HttpResponse:
    """Get a norm in the version in force."""
    card = queries.norm_in_force(slug=slug, at=request.auth.at)
    return shown(_norm(card.version_id, card.norm))


@router.get("/norm-versions/{version_id}", **asks(READ, gives=NormShape))
def get_norm_version(request: ApiRequest, version_id: PathId) -> HttpResponse:
    """Get one version of a norm: what a running matter goes by, whatever is in force now."""
    return shown(_norm(version_id, queries.norm_version(version_id=version_id)))


def _norm(version_id: int, norm: Norm) -> dict[str, object]:
    return {"version_id": version_id, "digest": norm.digest, "document": norm.as_document()}


Language = Annotated[Literal["zh", "en"], Query()]


@router.get("/norm-versions/{version_id}/diagram.svg", **draws(READ, media="image/svg+xml"))
def draw_norm(request: ApiRequest, version_id: PathId, language: Language = "zh") -> HttpResponse:
    """Draw a norm: a lane for each role, the steps and the ways between them."""
    from shouwen.records.norms.rules.drawing import draw  # not for a process that is never asked for a picture

    picture = draw(norm=queries.norm_version(version_id=version_id), labels=_labels(language))
    return HttpResponse(picture.svg, content_type="image/svg+xml")


@router.get("/norm-versions/{version_id}/process.bpmn", **draws(READ, media="application/xml"))
def export_norm(request: ApiRequest, version_id: PathId, language: Language = "zh") -> HttpResponse:
    """Export a norm as BPMN 2.0 with its diagram."""
    from shouwen.records.norms.rules.bpmn import export  # not for a process that is never asked for a diagram

    text = export(norm=queries.norm_version(version_id=version_id), labels=_labels(language))
    return HttpResponse(text, content_type="application/xml")


@lru_cache
def _labels(language: str) -> Labels:
    with override("zh-hans" if language == "zh" else "en"):
        roles = {str(role): str(role.label) for role in RoleCode}
        units = {str(kind): str(kind.label) for kind in UnitKind}
    return Labels(language=language, roles=roles, units=units)


class PolicyLine(Shape):
    """One statement of one rule: what it limits, where, from when, and where it is written."""

    id: int
    key: str
    rule: str
    name_zh: str
    name_en: str
    force: str
    statistic: str
    percentile: int | None
    unit: str
    sense: str
    values: list[dict[str, str]]
    jurisdiction: str
    company: str | None
    requirement: str | None
    valid_from: date
    valid_until: date | None
    known_from: str
    known_until: str | None
    mark: str
    source: str
    note_zh: str
    note_en: str
    digest: str


class PolicyLines(Shape):
    items: list[PolicyLine]
    next: str | None


@router.get("/policies", **asks(READ, gives=PolicyLines))
def list_policies(
    request: ApiRequest,
    key: AskedCode = None,
    rule: AskedLine = None,
    jurisdiction: AskedCode = None,
    company: AskedCode = None,
    words: AskedLine = None,
    after: AskedLine = None,
    limit: Limit = 50,
) -> HttpResponse:
    """List what is known now of limits, rates and commitments, by key. `words`: a part of the name, the key or the rule."""
    filters = PolicyFilters(key=key, rule=rule, jurisdiction=jurisdiction, company=company, words=words, known_at=request.auth.at)
    found = read_policies(filters=filters, after=after, limit=limit)
    return page(request, [_policy(card) for card in found.policies], next_after=found.next_after)


@router.get("/policies/{policy_id}", **asks(READ, gives=PolicyLine))
def get_policy(request: ApiRequest, policy_id: PathId) -> HttpResponse:
    """Get one statement of the register."""
    return shown(_policy(read_policy(policy_id=policy_id)))


def _policy(card: PolicyCard) -> dict[str, object]:
    columns = (name for name in PolicyLine.model_fields if name not in ("id", "values"))
    line: dict[str, object] = {name: getattr(card.entry, name) for name in columns}
    return line | {"id": card.policy_id, "values": [value.as_row() for value in card.entry.values]}
