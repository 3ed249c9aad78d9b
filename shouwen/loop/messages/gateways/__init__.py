"""The carriers of messages: a protocol, mail by SMTP, a file for installations without a carrier of text messages, a fake for tests."""

from shouwen.loop.messages.gateways.carrier import Carrier
from shouwen.loop.messages.gateways.chosen import carriers, descriptions

__all__ = ["Carrier", "carriers", "descriptions"]
