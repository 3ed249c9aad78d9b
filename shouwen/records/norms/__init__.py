"""Norms (服务规范手册, B1): the handbook of 36 work norms, versioned, proved sound, printable, drawn.

Tables: ``Norm`` (one of the 36) and ``NormVersion`` (what it says from a day on; the database refuses to change or delete one).
Facts: ``NormVersionPublished``.
Rules (pure): ``definition`` reads a norm, ``soundness`` proves it, ``wording`` says its limits in words, ``diagram`` lays it out,
``bpmn`` and ``drawing`` write it, ``pages`` makes it a book, which ``gateways.press`` prints.

A matter keeps the version it was opened under: it stores ``version_id`` and asks ``queries.norm_version``.
"""
