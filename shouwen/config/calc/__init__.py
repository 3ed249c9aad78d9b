"""Every calculation of the product, asked with one JSON object and answered with one: ``shouwen calc``.

A calculation is a pure function that hands its input to the rules that the product itself uses, and needs no database. ``registry``
names them all; what each takes and gives is written beside it as JSON Schema.
"""
