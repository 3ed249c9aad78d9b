"""Facts of stored files. A name may be somebody's, so no fact holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class FileStored(Fact):
    """A file was handed in and is kept."""

    case_kind: ClassVar[str] = "file"

    file_id: int
    digest: str
    size_bytes: int
    media_type: str
    retention: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class FileRetained(Fact):
    """A file got another class of retention; it is never kept shorter than it was to be before."""

    case_kind: ClassVar[str] = "file"

    file_id: int
    retention: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class FilePurged(Fact):
    """The time of a file was over: its content is gone, its row stays."""

    case_kind: ClassVar[str] = "file"

    file_id: int
    digest: str
    retention: str
