"""Verbs of customers, split by what is done. Each is one transaction: rows, search entry and fact stand or fall together."""

from shouwen.platform.audit.services import LookNeedsReason
from shouwen.records.customers.services.importing import (
    ImportBusy,
    ImportProgress,
    ImportSummary,
    run_import,
)
from shouwen.records.customers.services.indexing import rebuild_search
from shouwen.records.customers.services.minding import (
    AlreadyHolds,
    HasEnded,
    end_special_need,
    note_sensitivity,
    record_special_need,
)
from shouwen.records.customers.services.previewing import Preview, PreviewRow, preview_import
from shouwen.records.customers.services.ranking import CannotRepresent, assign_representative, change_tier
from shouwen.records.customers.services.reaching import (
    AlreadyListed,
    add_contact_point,
    change_contact_point,
    confirm_contact_point,
    prefer_contact_point,
    record_consent,
    remove_contact_point,
    set_preference,
    set_quiet_hours,
)
from shouwen.records.customers.services.reading import (
    CannotImport,
    Reading,
    cells_of,
    heading_of,
    load_document,
    load_mapping,
    open_reading,
    rows_of,
)
from shouwen.records.customers.services.registering import NumberTaken, correct_customer, register_customer
from shouwen.records.customers.services.revealing import (
    ClearAddress,
    ClearContact,
    ClearText,
    ImportedRow,
    reveal_contact_points,
    reveal_customer,
    reveal_import_rows,
)
from shouwen.records.customers.services.supplying import add_supply_point, change_supply_point, open_account

__all__ = [
    "AlreadyHolds",
    "AlreadyListed",
    "CannotImport",
    "CannotRepresent",
    "ClearAddress",
    "ClearContact",
    "ClearText",
    "HasEnded",
    "ImportBusy",
    "ImportProgress",
    "ImportSummary",
    "ImportedRow",
    "LookNeedsReason",
    "NumberTaken",
    "Preview",
    "PreviewRow",
    "Reading",
    "add_contact_point",
    "add_supply_point",
    "assign_representative",
    "cells_of",
    "change_contact_point",
    "change_supply_point",
    "change_tier",
    "confirm_contact_point",
    "correct_customer",
    "end_special_need",
    "heading_of",
    "load_document",
    "load_mapping",
    "note_sensitivity",
    "open_account",
    "open_reading",
    "prefer_contact_point",
    "preview_import",
    "rebuild_search",
    "record_consent",
    "record_special_need",
    "register_customer",
    "remove_contact_point",
    "reveal_contact_points",
    "reveal_customer",
    "reveal_import_rows",
    "rows_of",
    "run_import",
    "set_preference",
    "set_quiet_hours",
]
