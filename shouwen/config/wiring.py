"""What is joined under the roof: every flat's hearers are registered, so that whoever announces knows who listens.

Hearers announce up: a flat below never imports one above it. The only thing that knows them all is this module, called once when
Django is ready, in every process that may announce or deliver a fact.
"""

from __future__ import annotations

from django.utils.module_loading import autodiscover_modules


def wire() -> None:
    """Import the ``handlers`` of every flat; each registers its hearers with the outbox."""
    autodiscover_modules("handlers")
