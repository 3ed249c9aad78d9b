"""People (人员): units in a tree with superiors, staff with posts, skills and certificates, and who is away.

Tables: ``Unit`` (its ``path`` is its place in the tree: ``01.03.``), ``Staff`` (who signs in), ``Post`` (a role held in a unit),
``Skill``, ``Certificate``, ``Absence`` (with who stands in).

``FailedSignIn``, ``EndedSession`` and ``ApiToken`` guard the doors.

A **viewer** is what the rest of the house knows of the person who asks: id, unit path, roles. The rows behind it are kept for a
few seconds (``principals``), so that a request costs no query for its user; a revocation is seen at once in the process that
revokes and within ``VIEWER_CACHE_S`` everywhere else. ``middleware`` gives every request its viewer.

Facts: ``UnitCreated``, ``UnitMoved``, ``StaffHired``, ``PostGiven``, ``PostTaken``, ``AbsenceRecorded``, ``CertificateGranted``,
``SkillNoted``, ``EmploymentEnded``, ``SignedIn``, ``SignedOut``, ``PasswordChanged``, ``SessionsRevoked``, ``TokenIssued``,
``TokenRevoked``.
"""
