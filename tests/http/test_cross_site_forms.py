"""No address that changes something takes a form without its page's token, but those for machines and apps, which stand here by name."""

import flask
import pytest

from tests import builders
from tests.visitor import Visitor, signed_in_browser

FOR_MACHINES = {
    "api.nothing", "api.put_customer", "api.wrong_method", "device_authorization.begin", "introspection.tell", "par.push",
    "registration.register", "registration.remove", "registration.replace", "revocation.take_back", "token.token", "userinfo.userinfo",
}  # fmt: skip
GOES_ON_AS_A_GET = {"end_session.end_session_by_form"}
"""Decides nothing by a cookie; the page after it asks."""


@pytest.fixture
def visitor(app: flask.Flask, unit) -> Visitor:
    with unit() as work:
        account = builders.administrator(work)
    return signed_in_browser(app, account)


def test_only_machines_need_no_token(app: flask.Flask, visitor: Visitor) -> None:
    taken = set()
    for rule in app.url_map.iter_rules():
        address = rule.rule
        for name in rule.arguments:
            address = address.replace(f"<{name}>", "x").replace(f"<path:{name}>", "x")
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            answer = visitor.client.open(address, method=method, data={"a": "b"})
            if answer.status_code != 400 or answer.is_json:
                taken.add(rule.endpoint)
    assert taken == FOR_MACHINES | GOES_ON_AS_A_GET
