"""Satisfaction (满意度, B8): the customer is told how their matter stands, and asked what they think of it. Only the customer answers.

Tables: ``Survey`` (one asking for one round of one matter: by a link, whose token is kept as its SHA-256 only, or by voice);
``CallBack`` (a call-back that somebody independent has to make: by when, when to try again).

Facts: ``SurveySent``, ``SurveyAnswered``, ``SurveyExpired``, ``CallBackPlanned``. The grade itself, the visit and the closing are facts
of the matter, announced by the work orders.

Rules: ``asking`` says how a customer is asked once their matter is resolved, what follows a call-back, and whether a link still holds.

Everything here begins with a fact from below (``handlers``): a matter taken, promised, resolved, reopened or closed is told to its
customer (``services.telling``: which fact by which template; a secret norm is never told), each once by the notice's key. Resolved: a norm
with a call-back gets one planned by the policy of its limit; a norm without gets a link. Who worked on the matter, or owns it, is not
offered its call-back and cannot record its grade. Asked and not answered in time is settled without a grade; a matter of which nothing
is missing any more is closed.

Who acts by itself here is the member of staff ``satisfaction``, made with the company.
"""
