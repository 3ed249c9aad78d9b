"""What customers' records follow from values alone: masks, how sure we are of a caller, mappings of foreign files."""

from shouwen.records.customers.rules.callers import CallerMatch, confidence_pct
from shouwen.records.customers.rules.csv_records import CsvRecord, csv_records
from shouwen.records.customers.rules.mapping import (
    ImportedCustomer,
    Mapping,
    MappingInvalid,
    Problem,
    RowRefused,
    parse_mapping,
)
from shouwen.records.customers.rules.masks import (
    mask_address,
    mask_email,
    mask_identity,
    mask_name,
    mask_phone,
)

__all__ = [
    "CallerMatch",
    "CsvRecord",
    "ImportedCustomer",
    "Mapping",
    "MappingInvalid",
    "Problem",
    "RowRefused",
    "confidence_pct",
    "csv_records",
    "mask_address",
    "mask_email",
    "mask_identity",
    "mask_name",
    "mask_phone",
    "parse_mapping",
]
