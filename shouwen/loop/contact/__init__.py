"""Contacts (联络): whatever reaches us is kept raw first and understood after; nothing is lost, nothing is taken twice.

Tables: ``Envelope`` (what arrived, sealed, once for each source and key); ``Interaction`` (one contact on the customer's timeline);
``RowMapping`` (how rows of a foreign file are read; a version is never changed).

Facts: ``ContactReceived``, ``ContactParsed``, ``EnvelopeBuried``, ``EnvelopeRepaired``, ``EnvelopeDiscarded``, ``InteractionRecorded``.

Rules: ``forms``, ``mails``, ``notes`` and ``rows`` read the four kinds of content; ``tokens`` prove to which matter a message belongs;
``guessing`` finds the norm by its words; ``owners`` chooses who owns what nobody took by voice.

An envelope is stored in a transaction of its own before anybody looks into it. Parsing one makes its interaction and its matter in one
transaction, exactly once: the same message three times is one envelope and one matter. A matter is opened as of the moment when its
envelope was received, since the customer's time counts. What a token, a thread or a sender's own reference proves to be about an
earlier matter is added to that, whose owner and handler hear of it, and of its dangers. A closed matter is nobody's home any more: what
a person writes then opens a new one, related to it. An automatic answer never opens one. Envelopes are parsed in batches; one that
fails is found by parsing its batch one by one, so it never takes its neighbours with it. What cannot be understood is buried with its
reason, and shown to the agents, who repair or discard it; the raw content stays. Other content under a known key is kept apart and
buried at once.
"""
