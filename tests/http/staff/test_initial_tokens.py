"""Operators make, list and end the tokens by which others register their apps (RFC 7591 §3)."""

import re

import pytest

from idp.oidc.clients import initial_tokens
from idp.unit_of_work import Units
from tests.visitor import Visitor

LIST = "/staff/registration-tokens"


def make(staff: Visitor, **fields: str):
    staff.open(f"{LIST}/new")
    return staff.send("name", **({"name": "Partner AG", "days": "10", "uses": "2"} | fields))


def secret_of(page: str) -> str:
    return re.findall(r'<span class="copyable"><code>([^<]*)</code>', page)[0]


def end(staff: Visitor, token_id: str):
    staff.open(f"{LIST}/{token_id}/end")
    return staff.send("/end")


def test_a_token_is_shown_once_and_listed_by_its_name(staff: Visitor, units: Units) -> None:
    page = make(staff)
    assert page.status_code == 201
    secret = secret_of(page.text)
    with units.read() as work:
        assert initial_tokens.usable(work, secret)
        (token,) = initial_tokens.list_all(work)
    assert (token.name, token.uses_left, (token.expires_at - token.created_at).days) == ("Partner AG", 2, 10)
    listed = staff.open(LIST).text
    assert "Partner AG" in listed
    assert secret not in listed


def test_for_any_number_of_apps(staff: Visitor) -> None:
    make(staff, uses="")
    assert "beliebig viele" in staff.open(LIST).text


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 500}, {"days": ""}, {"days": "0"}, {"days": "ewig"}, {"days": "-1"}, {"days": "99999"}, {"uses": "0"},
     {"uses": "viele"}, {"uses": "٣"}, {"days": "1" * 50}],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field(staff: Visitor, units: Units, fields: dict[str, str]) -> None:
    page = make(staff, **fields)
    assert page.status_code == 422
    assert f'id="{next(iter(fields))}-error"' in page.text
    with units.read() as work:
        assert initial_tokens.list_all(work) == []


def test_ending_asks_first_and_counts_at_once(staff: Visitor, units: Units) -> None:
    secret = secret_of(make(staff).text)
    with units.read() as work:
        (token,) = initial_tokens.list_all(work)
    staff.open(f"{LIST}/{token.id}/end")
    assert staff.heading == "Registrierungs-Token für Partner AG beenden?"
    end(staff, token.id)
    with units.read() as work:
        assert not initial_tokens.usable(work, secret)
    assert "Das Registrierungs-Token für Partner AG ist beendet." in staff.page.text


def test_a_token_that_is_gone_leads_back_to_the_list(staff: Visitor) -> None:
    for token_id in ("nobody", "%00", "x" * 3000):
        staff.open(f"{LIST}/{token_id}/end")
        assert staff.address.endswith(LIST)
