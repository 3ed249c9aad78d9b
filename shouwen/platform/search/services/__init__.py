"""What is changed here: the count of broad terms, the fingerprints of the keys, and values sealed anew with the newest key."""

from shouwen.platform.search.services.broad_terms import refresh_broad_terms
from shouwen.platform.search.services.fingerprints import KeysDiffer, keep_fingerprints, retire_keys
from shouwen.platform.search.services.resealing import ResealedBatch, reseal_batch

__all__ = ["KeysDiffer", "ResealedBatch", "keep_fingerprints", "refresh_broad_terms", "reseal_batch", "retire_keys"]
