"""Work orders (工单): one matter of one customer under one norm, from the moment it is taken until the customer is satisfied.

Tables: ``WorkOrder``; ``StepRun`` (who did which step, where); ``Target`` (each deadline is a row, derived and recomputable);
``Promise``; ``HandOver`` (rated by the receiver); ``Assist``; ``Escalation`` (one row for each rung of each target); ``Visit``;
``Link`` (reversible: duplicate, merged, split, related).

Facts: everything that happens to a matter is a fact of the case ``work_order`` (``events.py``). In order they are its **ledger**:
the history inside, the timeline outside, the audit and the evidence of every verdict.

Rules: ``course`` folds a ledger into what has happened; ``targets`` says which deadlines a norm sets on that course, which policy
binds each and why, and judges it; ``closing`` says what is still missing before a matter may be closed.

What holds always, by constraint and by property test: a matter has exactly one owner (首问责任人); a closed matter has its grade
settled; every change is announced; a deadline can be recomputed from the ledger, the norm, the policies and the calendar; a verdict
once given stands, whatever is edited later.
"""
