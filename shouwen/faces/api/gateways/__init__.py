"""The way out of the building for webhooks."""

from shouwen.faces.api.gateways.http import Answered, send

__all__ = ["Answered", "send"]
