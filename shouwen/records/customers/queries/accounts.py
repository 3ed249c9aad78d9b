"""Whose account is it."""

from __future__ import annotations

from shouwen.kernel.errors import NotFound
from shouwen.records.customers.models import Account


def customer_by_account(*, number: str) -> int | None:
    """Return the id of the customer whose account has this number (户号), None when there is no such account."""
    return Account.objects.filter(number=number.strip()).values_list("customer_id", flat=True).first()


def customer_of_account(*, account_id: int) -> int:
    """Return the id of the customer of an account.

    :raises NotFound: when there is no such account.
    """
    customer_id = Account.objects.filter(pk=account_id).values_list("customer_id", flat=True).first()
    if customer_id is None:
        raise NotFound
    return customer_id
