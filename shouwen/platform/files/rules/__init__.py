"""What is decided about files from values alone."""

from shouwen.platform.files.rules.names import clean_name
from shouwen.platform.files.rules.sealing import HEADER_BYTES, ContentDamaged, Sealer, key_id_of
from shouwen.platform.files.rules.sniffing import HEAD_BYTES, PROGRAMS, is_download_only, media_type_of

__all__ = [
    "HEADER_BYTES",
    "HEAD_BYTES",
    "PROGRAMS",
    "ContentDamaged",
    "Sealer",
    "clean_name",
    "is_download_only",
    "key_id_of",
    "media_type_of",
]
