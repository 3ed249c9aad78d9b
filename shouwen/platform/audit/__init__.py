"""Audit (审计): who looked at which customer, and a chain of digests that shows whether the journal was ever changed.

Tables: ``Look`` (who saw which fields of which customer, and why), ``ChainLink`` (one for each sealed fact and look, in order),
``Seal`` (the head of the chain after each sealing, to be kept elsewhere too), ``SealMark`` (how far the sealing has come),
``Inspection`` (what a check of the whole journal has found). A break is announced: ``JournalFoundBroken``.
The database refuses to change or delete a look, a link or a seal.

The journal is what the house has done (``outbox.Fact``) and seen (``Look``). Verbs write only their rows; ``seal_journal`` comes
later and chains them: the digest of a link is the SHA-256 of the digest before it and of the entry's own digest. Changing, deleting
or slipping in an entry breaks the chain there, and ``verify_journal`` names the first place. Cutting off the newest links needs a
``Seal`` kept outside to be seen. ``journal`` holds the statements and says which bytes of an entry are digested.
"""
