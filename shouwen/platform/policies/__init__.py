"""Policies (规则登记): every limit, rate and commitment, with its source, its place, its valid time and the time when we knew it.

Tables: ``Policy`` (one row is one statement of one rule about one key; a row is never changed, only its known time is closed)
and ``RegisterVersion`` (one row: the number and the stamp of the present state, by which a process knows when to read it again).

Facts: ``RegisterLoaded``, ``PolicyRevised``, ``PolicyWithdrawn``.

Rules: ``parse_policies`` reads the handbook's form; ``matching`` says which entries hold at a place, on a day, by what was known,
and why the others do not; ``bind`` picks the one cap whose deadline comes first; ``strictest`` reads the same matches for
liability, for the indicators or for warning; ``explain`` puts all of it into words. None of them needs Django or a database.

The register is bitemporal (双时态): *valid* is when a rule holds, in days of Asia/Shanghai; *known* is when we believed so.
A verdict that names its instant of knowing is therefore the same for ever, whatever is learned or corrected afterwards.
"""
