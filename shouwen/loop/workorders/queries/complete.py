"""Which resolved matters have nothing missing any more: the closing rule asked of all of them at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from shouwen.loop.workorders.choices import PromiseState, Stage
from shouwen.loop.workorders.models import Promise, Visit, WorkOrder
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef

CALL_BACK_ATTEMPTS = PolicyRef(key="call_back.attempts", default=Decimal(3), unit=Unit.COUNT, requirement="B8")


def list_complete(*, at: datetime, limit: int = 1000) -> list[int]:
    """Return the ids of resolved matters that may be closed at ``at``, those resolved first before the others.

    The same as ``rules.closing`` says one by one; ``close_work_order`` has the last word.
    """
    attempts = int(value(policy=CALL_BACK_ATTEMPTS, at=at))
    rows = WorkOrder.objects.filter(
        Q(result_told_at__isnull=False) | Q(customer__isnull=True),
        Q(call_back_needed=False) | Q(called_back_at__isnull=False) | Q(call_back_attempt_count__gte=attempts),
        Q(survey_needed=False) | Q(grade_settled_at__isnull=False),
        ~Exists(Visit.objects.filter(work_order=OuterRef("pk"), settled_at__isnull=True)),
        ~Exists(Promise.objects.filter(work_order=OuterRef("pk"), state=PromiseState.OPEN)),
        stage=Stage.RESOLVED,
    )
    return list(rows.order_by("resolved_at", "id").values_list("id", flat=True)[:limit])
