"""Where a supply point is, for the policies that bind there, and which places an outage must spare."""

from __future__ import annotations

from django.conf import settings

from shouwen.kernel.errors import NotFound
from shouwen.platform.policies.rules import Place
from shouwen.records.customers.models import SupplyPoint


def get_place(*, supply_point_id: int) -> Place:
    """Return where, and for what class of customer, a matter at this supply point happens; the company is this installation's.

    :raises NotFound: when there is no such supply point.
    """
    columns = ("jurisdiction", "area_class", "zone", "customer_class")
    row = SupplyPoint.objects.filter(pk=supply_point_id).values_list(*columns).first()
    if row is None:
        raise NotFound
    jurisdiction, area_class, zone, customer_class = row
    return Place(
        jurisdiction=jurisdiction,
        company=settings.SHOUWEN_COMPANY,
        area=area_class,
        zone=zone or None,
        customer_class=customer_class,
    )
