from hashlib import sha256

from shouwen.platform.audit import rules
from shouwen.platform.audit.rules import GENESIS, Break, Link

A, B, C = (sha256(text).digest() for text in (b"a", b"b", b"c"))


def chain(*entry_digests: bytes) -> list[Link]:
    links, head = [], GENESIS
    for sequence, entry_digest in enumerate(entry_digests, start=1):
        digest = sha256(head + entry_digest).digest()
        links.append(Link(sequence, 1, sequence * 10, entry_digest, head, digest))
        head = digest
    return links


WHOLE = chain(A, B, C)
ENTRIES = {(1, 10): A, (1, 20): B, (1, 30): C}


def holds(links: list[Link]) -> bool:
    pairs = b"".join(link.previous + link.entry_digest for link in links)
    return rules.links_hold(head=GENESIS, pairs=pairs, digests=b"".join(link.digest for link in links))


def first_break(links: list[Link], entries: dict[tuple[int, int], bytes] = ENTRIES) -> Break | None:
    return rules.first_break(head=GENESIS, from_sequence=1, links=links, entries=entries)


def changed(link: Link, **details: object) -> Link:
    values = {name: getattr(link, name) for name in Link.__slots__}
    return Link(**(values | details))


def test_growing_gives_the_digests_one_after_another() -> None:
    assert rules.grow(head=GENESIS, entry_digests=[A, B, C]) == b"".join(link.digest for link in WHOLE)
    assert rules.grow(head=GENESIS, entry_digests=[]) == b""


def test_a_whole_chain_holds_quickly_and_slowly() -> None:
    assert (holds(WHOLE), holds([]), first_break(WHOLE), first_break([], {})) == (True, True, None, None)


def test_a_chain_held_against_another_beginning_does_not_hold() -> None:
    assert not rules.links_hold(head=A, pairs=GENESIS + A, digests=WHOLE[0].digest)


def test_every_planted_defect_is_seen_quickly_and_named_slowly() -> None:
    one, two, three = WHOLE
    forged = chain(A, C, C)[1]
    defects = {
        "the link was changed": [one, changed(two, digest=A), three],
        "the link before it is another one": [one, forged, three],
    }

    for problem, links in defects.items():
        found = first_break(links, ENTRIES | {(1, 20): links[1].entry_digest})
        assert not holds(links)
        assert found is not None
        assert found.problem == problem


def test_a_missing_link_is_named_by_its_number() -> None:
    one, _, three = WHOLE

    assert first_break([one, three]) == Break(3, 1, 30, "the links from 2 on are missing")


def test_a_changed_a_gone_and_a_slipped_in_entry_are_told_apart() -> None:
    assert first_break(WHOLE, ENTRIES | {(1, 20): A}) == Break(2, 1, 20, "the entry was changed")
    assert first_break(WHOLE, {(1, 10): A, (1, 30): C}) == Break(2, 1, 20, "the entry is gone")
    assert first_break(WHOLE, ENTRIES | {(1, 15): A}) == Break(None, 1, 15, "this entry was slipped in: it was never sealed")
