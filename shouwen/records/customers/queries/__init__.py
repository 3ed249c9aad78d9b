"""Questions about customers, split by what is asked. What is personal leaves masked; clear text is a service (``reveal_customer``)."""

from shouwen.records.customers.queries.accounts import customer_by_account, customer_of_account
from shouwen.records.customers.queries.calling import CallerCard, callers
from shouwen.records.customers.queries.cards import (
    AccountCard,
    ContactCard,
    CustomerCard,
    NeedCard,
    SensitivityCard,
    SupplyPointCard,
    customer_names,
)
from shouwen.records.customers.queries.details import get_customer
from shouwen.records.customers.queries.imports import (
    ImportCard,
    ImportRowCard,
    import_progress,
    list_import_rows,
    list_imports,
)
from shouwen.records.customers.queries.needs import life_support_at, needs_at, needs_to_review, places_with_need
from shouwen.records.customers.queries.places import get_place
from shouwen.records.customers.queries.searching import CannotSearch, HitCard, SearchPage, search_customers

__all__ = [
    "AccountCard",
    "CallerCard",
    "CannotSearch",
    "ContactCard",
    "CustomerCard",
    "HitCard",
    "ImportCard",
    "ImportRowCard",
    "NeedCard",
    "SearchPage",
    "SensitivityCard",
    "SupplyPointCard",
    "callers",
    "customer_by_account",
    "customer_names",
    "customer_of_account",
    "get_customer",
    "get_place",
    "import_progress",
    "life_support_at",
    "list_import_rows",
    "list_imports",
    "needs_at",
    "needs_to_review",
    "places_with_need",
    "search_customers",
]
