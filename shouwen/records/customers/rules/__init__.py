"""What customers' records follow from values alone: masks, how sure we are of a caller, mappings of foreign files."""

from shouwen.records.customers.rules.callers import CallerMatch, confidence_pct
from shouwen.records.customers.rules.columns import (
    CellReader,
    ColumnMapping,
    ColumnRule,
    Layout,
    MappingInvalid,
    Problem,
    RowRefused,
    read_day,
    unstated,
)
from shouwen.records.customers.rules.csv_records import CsvRecord, csv_records
from shouwen.records.customers.rules.mapping import ImportedCustomer, Mapping, parse_mapping
from shouwen.records.customers.rules.masks import (
    mask_address,
    mask_email,
    mask_identity,
    mask_name,
    mask_phone,
)

__all__ = [
    "CallerMatch",
    "CellReader",
    "ColumnMapping",
    "ColumnRule",
    "CsvRecord",
    "ImportedCustomer",
    "Layout",
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
    "read_day",
    "unstated",
]
