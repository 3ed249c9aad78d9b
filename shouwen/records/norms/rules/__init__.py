"""The pure rules of norms: ``definition``, ``soundness``, ``duration``, ``diagram``, ``drawing``, ``bpmn``."""
