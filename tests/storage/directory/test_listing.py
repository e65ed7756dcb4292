"""The list of a customer's accounts: search, filter, order, pages."""

from datetime import datetime

import pytest

from idp.directory import accounts
from idp.directory.accounts import Direction, Role, Sort, Status
from tests import builders

PEOPLE = [
    {"username": "delta", "given_name": "Änne", "family_name": "Öztürk", "email": "Zoe@example.com", "mobile": "+4915155500001"},
    {"username": "Alpha", "given_name": "Bert", "family_name": "Zander", "email": "anna@example.com"},
    {"username": "charlie", "given_name": "anton", "family_name": "zander", "email": "max_50%@example.com", "phone": "+49211998877"},
    {"username": "Bravo", "given_name": "Otto", "family_name": "Oster", "email": "bert@example.com"},
]


@pytest.fixture
def filled(unit, muster):
    """Customer 2300229 with Max Muster (1101) and four others; another customer has some too."""
    with unit() as work:
        for person in PEOPLE:
            builders.invited_account(work, muster, **person)
        other = builders.customer(work, builders.OTHER_NUMBER)
        builders.invited_account(work, other, username="foreign", family_name="Zander")
    return muster


def page(units, customer, **asked):
    with units.read() as work:
        return accounts.list_page(work, customer.id, **asked)


def names(found):
    return [row.account.username for row in found.rows]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.NUMBER, ["customer2300229", "delta", "Alpha", "charlie", "Bravo"]),
        (Sort.USERNAME, ["Alpha", "Bravo", "charlie", "customer2300229", "delta"]),
        (Sort.NAME, ["customer2300229", "Bravo", "delta", "charlie", "Alpha"]),
        (Sort.EMAIL, ["Alpha", "Bravo", "customer2300229", "charlie", "delta"]),
        (Sort.ROLE, ["customer2300229", "delta", "Alpha", "charlie", "Bravo"]),
    ],
)
def test_every_order_is_the_same_on_both_databases_and_both_ways(units, filled, sort, expected):
    assert names(page(units, filled, sort=sort)) == expected
    assert names(page(units, filled, sort=sort, direction=Direction.DESCENDING)) == expected[::-1]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("direction", list(Direction))
def test_pages_forth_and_back_show_every_row_once(units, filled, sort, direction):
    whole = names(page(units, filled, sort=sort, direction=direction))
    forth, cursor = [page(units, filled, sort=sort, direction=direction, limit=2)], True
    while forth[-1].next:
        forth.append(page(units, filled, sort=sort, direction=direction, limit=2, cursor=forth[-1].next))
    back = [forth[-1]]
    while back[-1].previous:
        back.append(page(units, filled, sort=sort, direction=direction, limit=2, cursor=back[-1].previous))
    assert [name for found in forth for name in names(found)] == whole
    assert [name for found in reversed(back) for name in names(found)] == whole
    assert (forth[0].previous, forth[-1].next, back[-1].previous, cursor) == (None, None, None, True)


def test_the_count_is_of_all_hits(units, filled):
    assert page(units, filled, limit=2).total == 5
    assert page(units, filled, search="zander", limit=1).total == 2


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("zander", ["Alpha", "charlie"]),
        ("ZANDER bert", ["Alpha"]),
        ("bert zander", ["Alpha"]),
        ("ozturk", ["delta"]),
        ("Öztürk", ["delta"]),
        ("anne", ["delta"]),
        ("zoe@EXAMPLE", ["delta"]),
        ("ALPH", ["Alpha"]),
        ("1103", ["Alpha"]),
        ("0151 555", ["customer2300229", "delta"]),
        ("0211/998877", ["charlie"]),
        ("+4915155500001", ["delta"]),
        ("%", ["charlie"]),
        ("_", ["charlie"]),
        ("\\", []),
        ("foreign", []),
        ("nul\x00", []),
        ("\ud800", []),
        ("", ["customer2300229", "delta", "Alpha", "charlie", "Bravo"]),
    ],
)
def test_every_word_of_a_search_stands_in_name_user_name_address_or_number(units, filled, search, expected):
    assert names(page(units, filled, search=search)) == expected


def test_filters_by_status_and_role(unit, units, filled):
    with unit() as work:
        builders.administrator(work, filled)
        builders.invited_account(work, filled, username="later", send_at=datetime.fromisoformat("2026-03-10T09:00"))
    assert names(page(units, filled, statuses=[Status.ACTIVE])) == ["customer2300229"]
    assert names(page(units, filled, statuses=[Status.ACTIVE, Status.INVITATION_SCHEDULED])) == ["customer2300229", "later"]
    assert page(units, filled, role=Role.ADMINISTRATOR_TELEFONANLAGE).total == 5
    assert page(units, filled, statuses=[Status.LOCKED]).rows == ()


def test_only_what_waits_shows_a_planned_time(unit, units, clock, filled):
    with unit() as work:
        builders.invited_account(work, filled, username="later", send_at=datetime.fromisoformat("2026-03-10T09:00"))
    planned = {row.account.username: row.scheduled_for for row in page(units, filled).rows}
    assert [name for name, time in planned.items() if time] == ["later"]
    clock.advance(days=8)
    assert not any(row.scheduled_for for row in page(units, filled).rows)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "====",
        "W10",
        "eyJhIjoxfQ",
        "bnVsbA",
        "ä",
        "WyJudW1iZXIiLDAsInRleHQiXQ",
        "WyJudW1iZXIiLCAwLCAxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwXQ",
    ],
)
def test_a_cursor_that_does_not_fit_starts_anew(units, filled, cursor):
    assert len(page(units, filled, cursor=cursor).rows) == 5


def test_a_cursor_of_another_order_starts_anew(units, filled):
    cursor = page(units, filled, limit=2).next
    assert len(page(units, filled, sort=Sort.NAME, cursor=cursor).rows) == 5


def test_the_operators_list_holds_everybody_by_user_name(unit, units, filled):
    with unit() as work:
        builders.staff_account(work, username="zz-staff")
    with units.read() as work:
        found = [row.account.username for row in accounts.list_all(work)]
        after = [row.account.username for row in accounts.list_all(work, after="delta", limit=2)]
    assert found == ["Alpha", "Bravo", "charlie", "customer2300229", "customer2300777", "delta", "foreign", "zz-staff"]
    assert after == ["foreign", "zz-staff"]
