"""Whatever stands in whichever field of a form: the answer is a refusal in words, or done; never a failure, on both databases."""

import re
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from idp.authn.areas import Area
from idp.directory.accounts import Role
from idp.oidc.clients import clients, resources
from idp.oidc.clients.metadata import Origin
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.staff.conftest import staff_browser
from tests.visitor import Visitor, forms_of, signed_in_browser

HOSTILE = {
    "100 KB": b"x" * 100_000,
    "NUL": b"a\0b",
    "no UTF-8": b"\xff\xfe\xc3",
    "a surrogate": b"\xed\xa0\x80",
    "turned around": "Max\u202egro.elpmaxe".encode(),
    "a list": [b"one", b"two", b"two"],
}
Form = tuple[str, dict[str, Any]]


@pytest.fixture
def pages(app: flask.Flask, units: Units) -> dict[str, tuple[Visitor, list[str]]]:
    """Browsers with a session, and the pages with forms that are theirs."""
    with units.write() as work:
        customer = builders.customer(work)
        admin, person = builders.administrator(work, customer), builders.invited_account(work, customer)
        operator = builders.staff_account(work, Role.OPERATOR)
        browsing.registered(work, "app", client_name="App")
        resource = resources.create(work, "https://seen.example/api", scopes=["seen:read"])
        assert clients.record(work, "app").client.origin is not Origin.DYNAMIC
    console = [f"/console/accounts/{person.id}{what}" for what in ("", "/deactivate", "/invitation/send")]
    app_pages = ("", "/edit", "/metadata", "/secret", "/disable", "/delete")
    return {
        "console": (signed_in_browser(app, admin), ["/console/", "/console/accounts/new", *console, "/account/sessions/sign-out"]),
        "staff": (
            staff_browser(app, operator, area=Area.STAFF),
            ["/staff/clients-new", "/staff/resources-new", "/staff/registration-tokens/new", f"/staff/resources/{resource.id}/edit",
             f"/staff/resources/{resource.id}/delete", *(f"/staff/clients/app{what}" for what in app_pages)],
        ),
        "nobody": (Visitor(app), ["/signin", "/password/forgot", "/access-request", "/device", "/activate/x"]),
    }  # fmt: skip


def forms(visitor: Visitor, addresses: list[str]) -> Iterator[Form]:
    """The forms of pages, each once, as a browser would send them; signing out is another test's subject."""
    seen = set()
    for address in addresses:
        page = visitor.open(address)
        for form in forms_of(page.text, visitor.address):
            key = (form.action, *sorted(form.fields))
            if form.fields and key not in seen and not re.search("sign-out$|end-session", form.action):
                seen.add(key)
                yield form.action, form.fields


def answers(visitor: Visitor, form: Form, value: Any) -> Iterator[tuple[str, TestResponse]]:
    """Send a form once for each of its fields, with the value in it."""
    address, fields = form
    for name in fields:
        yield name, visitor._ask("POST", address, fields | {name: value})


@pytest.mark.parametrize("who", ["console", "staff", "nobody"])
def test_no_value_of_a_field_is_a_failure(pages: dict[str, tuple[Visitor, list[str]]], who: str) -> None:
    visitor, addresses = pages[who]
    found = list(forms(visitor, addresses))
    assert len(found) >= 4
    failed = [
        (kind, form[0], name, answer.status_code)
        for kind, value in HOSTILE.items()
        for form in found
        for name, answer in answers(visitor, form, value)
        if answer.status_code >= 500
    ]
    assert failed == []
