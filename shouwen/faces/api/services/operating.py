"""What operators mend: facts that a hearer could not take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from shouwen.faces.api.permissions import must_operate
from shouwen.platform.outbox.services import retry_deliveries
from shouwen.platform.people.queries import get_viewer


@transaction.atomic
def retry_failed(*, delivery_ids: Sequence[int], actor_id: int, at: datetime) -> int:
    """Put failed deliveries of facts back in line at once; return how many.

    :raises NotAllowed: unless the actor runs the system.
    :raises NotFailed: when one of them has not failed; then none is put back.
    """
    must_operate(get_viewer(staff_id=actor_id, at=at))
    return retry_deliveries(delivery_ids=delivery_ids, at=at)
