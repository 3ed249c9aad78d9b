"""Model fields for what must not be readable in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import FieldError
from django.db import models

from shouwen.platform.search.keys import keyring

if TYPE_CHECKING:
    TextField = models.Field[str, str]
else:
    TextField = models.Field


class EncryptedText(TextField):
    """Text in Python, sealed bytes in the table. It can be neither compared nor sorted in the database: use a blind index beside it."""

    description = "Sealed text"
    empty_strings_allowed = True

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("default", "")
        options.setdefault("editable", False)
        super().__init__(*args, **options)

    @property
    def sealed_as(self) -> str:
        """Return the name that is bound to every value of this column: ``table.column``."""
        return f"{self.model._meta.db_table}.{self.column}"

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def get_internal_type(self) -> str:
        return "BinaryField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else keyring().unseal(bytes(value), column=self.sealed_as)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else keyring().seal(str(value), column=self.sealed_as)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.sealed_as} is sealed and cannot be searched; use its blind index.")


def terms_field() -> ArrayField[Any, Any]:
    """Return a column of keyed terms (int4 array), to be indexed by ``terms_index``."""
    return ArrayField(models.IntegerField(), default=list, editable=False)


def terms_index(name: str) -> GinIndex:
    """Return the index of a column called ``terms``. New rows wait in a list of up to 8 MB that searches read too."""
    return GinIndex(fields=["terms"], name=name, fastupdate=True, gin_pending_list_limit=8192)
