"""Shouwen (首问): the customer-service platform of an electricity supplier. See docs/house.md for the way through it."""
