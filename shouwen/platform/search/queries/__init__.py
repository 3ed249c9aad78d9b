"""The keys of this installation, what is sealed under them, and what is known of the terms."""

from shouwen.platform.search.keys import fingerprints, keyring, variable_of, variable_of_number
from shouwen.platform.search.queries.known_keys import fingerprints_in_use, foreign_keys, knows_keys
from shouwen.platform.search.queries.sealed import Place, SealedTable, count_by_key, sealed_tables
from shouwen.platform.search.queries.shares import broad_share_ppm, telling_terms

__all__ = [
    "Place",
    "SealedTable",
    "broad_share_ppm",
    "count_by_key",
    "fingerprints",
    "fingerprints_in_use",
    "foreign_keys",
    "keyring",
    "knows_keys",
    "sealed_tables",
    "telling_terms",
    "variable_of",
    "variable_of_number",
]
