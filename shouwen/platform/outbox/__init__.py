"""The outbox (事实): what has happened, told once, heard exactly once by everybody above who asked to hear it.

Tables: ``Fact`` (immutable: the database refuses to change or delete a row) and ``Delivery`` (one row for each fact and hearer).

``announce`` writes facts in the transaction of the verb that made them true, with a pending delivery for each hearer.
``deliver_due`` hands each to its hearer in a savepoint of its own, a batch in one transaction in which the deliveries are marked too:
what the hearers wrote and the marks stand or fall together, so a worker killed at any moment loses nothing and repeats nothing. A
hearer that fails is undone alone and tried again after growing pauses; after ``ATTEMPT_LIMIT`` tries the delivery is shown to the
operator, who mends and retries it.

Hearers of one fact run in any order; hearers of two facts of one case may overtake each other when several workers run, so a hearer
reads the present state and does not count on the order of facts.
"""
