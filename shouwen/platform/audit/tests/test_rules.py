from dataclasses import replace
from hashlib import sha256
from struct import pack

import pytest

from shouwen.platform.audit import rules
from shouwen.platform.audit.rules import GENESIS, START, Break, Entry, Head, Link

A, B, C, D = (Entry(number * 10, b"entry %d" % number) for number in (1, 2, 3, 4))


def chain(*entries: Entry, head: Head = START, after_id: int = 0) -> list[Link]:
    return rules.grow(head=head, entry_kind=1, after_id=after_id, entries=entries, link_length=2)


WHOLE = chain(A, B, C, D)
BEHIND = Head(2, WHOLE[0].digest)


def holds(link: Link, *entries: Entry, head: Head = BEHIND, after_id: int = 20) -> bool:
    content = b"\0".join(entry.content for entry in entries)
    return rules.link_holds(link=link, head=head, after_id=after_id, content=content)


def first_break(link: Link, *entries: Entry, head: Head = BEHIND, after_id: int = 20) -> Break | None:
    return rules.first_break(link=link, head=head, after_id=after_id, entries=entries)


def test_a_link_holds_what_is_documented() -> None:
    one, two = WHOLE
    listed = b"".join(pack(">q16s", entry.id, sha256(b"\x01" + entry.content).digest()[:16]) for entry in (C, D))
    content_digest = sha256(C.content + b"\0" + D.content).digest()
    digest = sha256(one.digest + pack(">qhqq", 4, 1, 20, 40) + content_digest + listed).digest()

    assert two == Link(4, 1, 20, 40, listed, content_digest, one.digest, digest)
    assert (two.first_sequence, two.entry_count, one.first_sequence, one.previous) == (3, 2, 1, GENESIS)


def test_nothing_makes_no_link_and_an_odd_one_is_left_for_a_shorter_link() -> None:
    assert chain() == []
    assert [link.entry_count for link in chain(A, B, C)] == [2, 1]


def test_whole_links_hold_quickly_and_slowly() -> None:
    one, two = WHOLE

    assert (holds(one, A, B, head=START, after_id=0), holds(two, C, D)) == (True, True)
    assert (first_break(one, A, B, head=START, after_id=0), first_break(two, C, D)) == (None, None)


@pytest.mark.parametrize("column", ["entry_kind", "after_id", "last_id", "entries", "content_digest", "digest"])
def test_a_change_of_any_column_of_a_link_is_seen_and_named(column: str) -> None:
    old = getattr(WHOLE[1], column)
    changed = replace(WHOLE[1], **{column: old + 1 if isinstance(old, int) else old[:-1] + bytes([old[-1] ^ 1])})

    assert not holds(changed, C, D)
    assert first_break(changed, C, D) == Break(4, changed.entry_kind, changed.last_id, "the link was changed")


def test_a_list_of_entries_with_a_half_one_is_a_changed_link() -> None:
    changed = replace(WHOLE[1], entries=WHOLE[1].entries[:-3])

    assert not holds(changed, C, D)
    assert first_break(changed, C, D) == Break(4, 1, 40, "the links from 3 on are missing")


def test_a_link_behind_another_one_does_not_hold() -> None:
    forged = chain(A, C)[0]

    assert not holds(WHOLE[1], C, D, head=Head(2, forged.digest))
    assert first_break(WHOLE[1], C, D, head=Head(2, forged.digest)) == Break(4, 1, 40, "the link before it is another one")


def test_a_link_with_a_gap_before_its_entries_does_not_hold() -> None:
    assert not holds(WHOLE[1], C, D, after_id=10)
    assert first_break(WHOLE[1], C, D, after_id=10) == Break(4, 1, 40, "the link was changed")


def test_a_missing_link_is_named_by_its_number() -> None:
    assert not holds(WHOLE[1], C, D, head=START, after_id=0)
    assert first_break(WHOLE[1], C, D, head=START) == Break(4, 1, 40, "the links from 1 on are missing")


def test_a_changed_a_gone_and_a_slipped_in_entry_are_told_apart() -> None:
    for entries, expected in (
        ((C, Entry(40, b"x")), Break(4, 1, 40, "the entry was changed")),
        ((Entry(30, b"x"), Entry(40, b"x")), Break(3, 1, 30, "the entry was changed")),
        ((D,), Break(3, 1, 30, "the entry is gone")),
        ((C, Entry(35, b"x"), D), Break(None, 1, 35, "this entry was slipped in: it was never sealed")),
    ):
        assert not holds(WHOLE[1], *entries)
        assert first_break(WHOLE[1], *entries) == expected


def test_a_forged_link_whose_list_and_contents_differ_is_named() -> None:
    """Its own digest is made anew, so only the entries tell; a list that is right must not hide it."""
    two, other = WHOLE[1], sha256(b"other").digest()
    digest = sha256(two.previous + pack(">qhqq", 4, 1, 20, 40) + other + two.entries).digest()
    forged = replace(two, content_digest=other, digest=digest)

    assert not holds(forged, C, D)
    assert first_break(forged, C, D) == Break(4, 1, 40, "the link was changed")
