"""Hiding and finding personal data (个人信息的加密与检索): sealed columns, blind indexes, terms that can be searched and not read.

``rules.Keyring``  seals a text (AES-256-GCM), makes a blind index of a whole value, and turns a token into a term: all by key
``rules``          which tokens stand for a name, an address, a number; which tokens a person's query asks for
``fields``         ``EncryptedText``: a model field that is text in Python and sealed bytes in the table; ``TermsField``
``queries``        the keyring of this installation; where sealed values stand, and under which keys; which terms are too broad
``services``       holding the keys against those of the database; sealing anew with the newest key; counting the broad terms anew

Tables: ``BroadTerm``, ``KeyFingerprint``. No facts. Why it is so: ``docs/adr/0005-personal-data-at-rest.md``.
"""
