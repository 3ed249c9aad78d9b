"""Sealing, blind indexes, and the tokens that people search by. Keys come in; nothing here reads settings."""

from shouwen.platform.search.rules.keyring import Keyring, SealBroken, TermBook, fingerprint_of
from shouwen.platform.search.rules.words import (
    QueryWord,
    address_tokens,
    name_tokens,
    number_tokens,
    organisation_tokens,
    query_tokens,
    query_words,
    tail_of,
    tokens_of_pieces,
)

__all__ = [
    "Keyring",
    "QueryWord",
    "SealBroken",
    "TermBook",
    "address_tokens",
    "fingerprint_of",
    "name_tokens",
    "number_tokens",
    "organisation_tokens",
    "query_tokens",
    "query_words",
    "tail_of",
    "tokens_of_pieces",
]
