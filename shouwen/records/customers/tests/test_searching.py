"""Finding customers as people search."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.audit.models import Look
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import staff_with_role
from shouwen.platform.search.keys import keyring
from shouwen.platform.search.models import BroadTerm
from shouwen.platform.search.services import refresh_broad_terms
from shouwen.records.customers import queries, services
from shouwen.records.customers.choices import CustomerKind
from shouwen.records.customers.models import SearchEntry
from shouwen.records.customers.queries import CannotSearch, HitCard
from shouwen.records.customers.tests.factories import NOON, CustomerFactory, Townsman, agent, seen_by, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def li() -> Staff:
    return agent()


@pytest.fixture
def town(li: Staff) -> dict[str, Townsman]:
    """Five customers, of whom each shares something with another one."""
    return {
        "zhang": settle(
            li,
            name="张伟",
            street="西湖区文三路90号",
            room="3幢501室",
            phones=("13812345678",),
            account="3301000000017",
            identity="33010119900101123X",
        ),
        "shan": settle(li, name="单晓明", street="西湖区文三路9号", room="1幢101室", phones=("13912345678",), account="A-7-8"),
        "ouyang": settle(
            li, name="欧阳娜", street="拱墅区文晖路90号", room="3幢", phones=("0571-87654321",), account="3301000000024"
        ),
        "smith": settle(li, name="John Smithson", street="西湖区三文路90号", room="Room B501", account="3301000000031"),
        "mill": settle(
            li,
            name="杭州东方纺织有限公司",
            kind=CustomerKind.ORGANISATION,
            street="萧山区市心路1001号",
            room="",
            phones=("13812345670",),
            account="3301000000048",
        ),
    }


def found(text: str, li: Staff, town: dict[str, Townsman]) -> list[str]:
    """Return the names by which the tests call whoever is found."""
    page = queries.search_customers(text=text, viewer=seen_by(li), at=NOON)
    names = {townsman.supply_point_id: name for name, townsman in town.items()}
    return [names[hit.supply_point_id] for hit in page.hits]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("张伟", ["zhang"]),  # the whole name
        ("張偉", ["zhang"]),  # in Traditional characters
        ("张　伟", ["zhang"]),  # spread out
        ("晓明", ["shan"]),  # two characters of it
        ("欧阳", ["ouyang"]),
        ("张", ["zhang"]),  # the surname alone
        ("zw", ["zhang"]),  # initials
        ("zhangwei", ["zhang"]),  # spelling
        ("zhang wei", ["zhang"]),
        ("sxm", ["shan"]),  # the surname's own reading, and the usual one
        ("dxm", ["shan"]),
        ("smi", ["smith"]),  # the beginning of a Latin word
        ("SMITHSON john", ["smith"]),
        ("smithsonian", []),
        ("东方纺织", ["mill"]),  # part of an organisation
        ("hzdf", ["mill"]),
        ("文三路", ["zhang", "shan"]),  # part of an address
        ("文三路90号", ["zhang"]),
        ("文三路９０号", ["zhang"]),
        ("路90号", ["zhang", "ouyang", "smith"]),
        ("90", ["zhang", "ouyang", "smith"]),
        ("号3幢", ["zhang", "ouyang"]),  # across street and room
        ("b501", ["smith"]),
        ("西湖区 501", ["zhang", "smith"]),
        ("5678", ["zhang", "shan"]),  # the last four of a telephone
        ("12345678", ["zhang", "shan"]),  # a longer tail of it
        ("2345670", ["mill"]),
        ("张伟 12345678", ["zhang"]),
        ("张伟12345678", ["zhang"]),
        ("张伟 12345679", []),
        ("13812345678", ["zhang"]),  # all of it
        ("138 1234 5678", ["zhang"]),
        ("+86-138-1234-5678", ["zhang"]),
        ("87654321", ["ouyang"]),  # a landline without its area code
        ("0571-87654321", ["ouyang"]),
        ("3301000000017", ["zhang"]),  # an account
        ("3301 0000 0001 7", ["zhang"]),
        ("a-7-8", ["shan"]),
        ("01123X", ["zhang"]),  # the last six of an identity number
        ("张伟 文三路 5678", ["zhang"]),  # several words
        ("张伟 文晖路", []),
        ("张伟5678", ["zhang"]),  # two words in one
        ("单晓明文三路", []),
        ("三路文", []),  # each pair of characters is there, the phrase is not
        ("文三路9", ["shan"]),
        ("李四", []),
        ("1", []),
        ("", []),
        ("！？", []),
    ],
)
def test_customers_are_found_as_people_search(text: str, who: list[str], li: Staff, town: dict[str, Townsman]) -> None:
    assert found(text, li, town) == who


def test_the_way_round_the_index_finds_the_same(li: Staff, town: dict[str, Townsman]) -> None:
    """Words that nearly everybody has are looked for entry by entry."""
    refresh_broad_terms(subject="customer", table="customers_searchentry")
    broad = set(BroadTerm.objects.values_list("term", flat=True))
    wanted = set(keyring().terms_of(["张伟", "文三", "三路", "90", "5678"]))

    assert wanted <= broad
    assert [found(text, li, town) for text in ("张伟", "文三路", "90", "5678", "三路文")] == [
        ["zhang"],
        ["zhang", "shan"],
        ["zhang", "ouyang", "smith"],
        ["zhang", "shan"],
        [],
    ]


def test_a_hit_is_masked_and_everybody_shown_was_looked_at(li: Staff, town: dict[str, Townsman]) -> None:
    page = queries.search_customers(text="文三路", viewer=seen_by(li), at=NOON)

    zhang, shan = town["zhang"], town["shan"]
    assert page.hits[0] == HitCard(
        customer_id=zhang.customer_id,
        customer_number=f"C{zhang.customer_id:010d}",
        kind="person",
        name="张*",
        tier="ordinary",
        supply_point_id=zhang.supply_point_id,
        account_number="3301000000017",
        address="西湖区文三路***",
        phones=("138****5678",),
        closed_at=None,
    )
    assert page.next_after is None
    assert not [clear for clear in ("伟", "晓明", "13812345678", "90号", "501室") if clear in str(asdict(page))]
    looks = Look.objects.order_by("pk").values_list("viewer_id", "customer_id", "fields", "reason", "at")
    reason = "The customer was among what a search found."
    assert list(looks) == [(li.pk, zhang.customer_id, [], reason, NOON), (li.pk, shan.customer_id, [], reason, NOON)]


def test_pages_follow_one_another_without_gap_or_overlap(li: Staff) -> None:
    settled = [settle(li, name="王芳", phones=(f"138{number:03d}01234",)).supply_point_id for number in range(1, 8)]
    settle(li, name="王方")

    for text in ("王芳", "王芳1234", "王芳01234"):  # taken whole, cut, and cut with the end of a telephone
        seen, after = [], None
        while True:
            page = queries.search_customers(text=text, viewer=seen_by(li), at=NOON, after=after, limit=3)
            seen.append([hit.supply_point_id for hit in page.hits])
            if (after := page.next_after) is None:
                break
        assert seen == [settled[:3], settled[3:6], settled[6:]]


def test_false_candidates_without_number_hide_nobody(li: Staff) -> None:
    """More entries share the pairs of a phrase than are looked at at once, and those that hold the phrase come last."""
    for number in range(60):
        settle(li, name="王芳", street=f"三路文三里{number}号")
    last = [settle(li, name="王芳", street=f"文三路{number}号").supply_point_id for number in range(1, 4)]

    page = queries.search_customers(text="文三路", viewer=seen_by(li), at=NOON, limit=2)
    rest = queries.search_customers(text="文三路", viewer=seen_by(li), at=NOON, limit=2, after=page.next_after)

    assert [[hit.supply_point_id for hit in found.hits] for found in (page, rest)] == [last[:2], last[2:]]
    assert rest.next_after is None


def test_a_customer_with_two_places_is_two_lines_and_one_look(li: Staff) -> None:
    town = settle(li, name="张伟", street="文三路90号", room="")
    second = services.add_supply_point(
        account_id=town.account_id,
        street="文一路1号",
        area_class="urban",
        customer_class="residential",
        actor_id=li.pk,
        at=NOON,
    )

    page = queries.search_customers(text="张伟", viewer=seen_by(li), at=NOON)
    narrower = queries.search_customers(text="张伟 文一路", viewer=seen_by(li), at=NOON)

    assert [hit.supply_point_id for hit in page.hits] == [town.supply_point_id, second]
    assert [hit.supply_point_id for hit in narrower.hits] == [second]
    assert Look.objects.count() == 2


def test_a_customer_without_a_place_is_found_by_name_and_by_account(li: Staff) -> None:
    customer_id = services.register_customer(kind="person", name="张伟", actor_id=li.pk, at=NOON)
    services.open_account(customer_id=customer_id, number="3301", actor_id=li.pk, at=NOON)

    for text in ("张伟", "3301"):
        page = queries.search_customers(text=text, viewer=seen_by(li), at=NOON)
        assert [(hit.customer_id, hit.supply_point_id, hit.account_number) for hit in page.hits] == [(customer_id, None, "3301")]


def test_a_removed_number_and_a_former_name_are_not_found_any_more(li: Staff, town: dict[str, Townsman]) -> None:
    zhang = town["zhang"]
    card = queries.get_customer(customer_id=zhang.customer_id, viewer=seen_by(li), at=NOON)

    services.remove_contact_point(contact_point_id=card.contact_points[0].id, actor_id=li.pk, at=NOON)
    services.correct_customer(customer_id=zhang.customer_id, name="章伟", actor_id=li.pk, at=NOON)

    assert [found(text, li, town) for text in ("5678", "张伟", "章伟")] == [["shan"], [], ["zhang"]]


def test_what_shares_only_the_terms_is_not_shown(li: Staff) -> None:
    stranger = CustomerFactory(name="李娜")
    SearchEntry.objects.create(customer=stranger, place_id=0, terms=keyring().terms_of(["张伟"]))

    page = queries.search_customers(text="张伟", viewer=seen_by(li), at=NOON)

    assert (page.hits, Look.objects.count()) == ((), 0)


@pytest.mark.parametrize("after", ["", "x1-2", "w1", "w1-x", "w-1-2", "1-2"])
def test_a_page_that_no_search_has_given_is_refused(after: str, li: Staff) -> None:
    with pytest.raises(CannotSearch):
        queries.search_customers(text="张伟", viewer=seen_by(li), at=NOON, after=after)


def test_who_does_not_meet_customers_finds_nobody(town: dict[str, Townsman]) -> None:
    before = Look.objects.count()

    with pytest.raises(NotAllowed):
        queries.search_customers(text="张伟", viewer=seen_by(staff_with_role(RoleCode.TRAINER)), at=NOON)

    assert Look.objects.count() == before
