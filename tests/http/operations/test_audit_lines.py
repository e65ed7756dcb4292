"""Audit events as log lines for a SIEM: each once, after its commit, with ids and codes and nothing of a person."""

import json
import logging
from dataclasses import asdict
from urllib.parse import urlencode

import pytest
import structlog

from idp import audit
from idp.audit import Event, lines
from idp.errors import Conflict
from tests import builders, reused
from tests.conftest import make_settings
from tests.http.api.conftest import ordering, token
from tests.http.console.administrator import Administrator, new_person
from tests.http.oidc.browsing import answered, asking, registered
from tests.http.oidc.conftest import keys_made_once
from tests.http.oidc.relying import RelyingParty
from tests.visitor import OTHER_PASSWORD, PASSWORD, Visitor, mails_of, pins_of, wrong

__all__ = ["keys_made_once", "ordering", "token"]

NETWORK = "198.51.100.77"
USERNAME = "customer2300229"


@pytest.fixture
def settings(database, tmp_path):
    """An installation that writes them."""
    return make_settings(database, tmp_path, audit_log=True, portal_url="http://localhost/portal")


@pytest.fixture
def log(app, capsys):
    """Give all lines since the last look: those of the audit log, or all as they were written."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)

    def read(*, raw: bool = False):
        written = capsys.readouterr().err
        if raw:
            return written
        found = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
        return [line for line in found if line.get("logger") == "idp.audit"]

    yield read
    root.setLevel(before)


@pytest.fixture
def network(client):
    """What lines call the network of a request."""
    return client.application.extensions["idp.networks"].name(NETWORK)


def test_an_event_is_one_line_with_outcome_and_ids(unit, log):
    with unit() as work:
        audit.record(work, Event.PIN_WRONG, account="acc1", customer="cus1", tries_left=3)
    (line,) = log()
    assert (line["event"], line["outcome"], line["account_id"], line["customer_id"]) == ("pin.wrong", "failure", "acc1", "cus1")
    assert (line["detail"], line["actor_kind"]) == ({"tries_left": 3}, "system")


def test_what_is_rolled_back_leaves_no_line(unit, log):
    with pytest.raises(ZeroDivisionError), unit() as work:
        audit.record(work, Event.PIN_SENT, account="acc1")
        raise ZeroDivisionError
    assert log() == []


def test_a_refusal_leaves_its_line_after_the_roll_back(unit, log):
    with pytest.raises(Conflict), unit() as work:
        audit.record(work, Event.PIN_SENT, account="acc1")
        audit.refused(work, Event.PIN_WITHHELD, account="acc1", reason="wrong_pins")
        raise Conflict("no")
    assert [(line["event"], line["detail"]) for line in log()] == [("pin.withheld", {"reason": "wrong_pins"})]


def test_the_least_severity_does_not_silence_them(unit, log):
    logging.getLogger().setLevel(logging.ERROR)
    with unit() as work:
        audit.record(work, Event.PIN_SENT, account="acc1")
        structlog.get_logger("idp.other").info("something_else")
    assert [line["event"] for line in log()] == ["pin.sent"]


def test_details_are_codes_and_ids_alone(unit, log):
    with unit() as work:
        audit.record(
            work,
            Event.MESSAGE_FAILED,
            client="Max Muster <max.muster@example.com>",
            error="recipient refused: 550 max.muster is unknown",
            number_ends="2345",
            device="Firefox, Windows",
            reason="Max Muster",
            scopes=["openid", "two words"],
            job="j1",
        )
    (line,) = log()
    assert line["detail"] == {"job": "j1"}
    assert line["client_id"] == "[not an id]"


def test_a_typed_name_is_told_as_its_keyed_hash_alone(unit, log):
    with unit() as work:
        audit.record(work, Event.SIGNIN_REFUSED, name=work.secrets.keyed_hash("typed-name", "max"))
        audit.record(work, Event.SIGNIN_REFUSED, name="Max")
    assert [list(line["detail"]) for line in log()] == [["name_hash"], []]


@pytest.mark.parametrize("event", list(Event))
def test_every_event_whose_name_tells_of_a_failure_counts_as_one(event):
    tells = event.value.endswith(("refused", "wrong", "withheld", "throttled", "failed", "replayed", "reused"))
    assert lines.outcome_of(event) == ("failure" if tells else "unknown" if event in audit.events.UNKNOWN_OUTCOMES else "success")


def test_without_the_setting_there_are_none(tmp_path, database, log, capsys, app):
    units = app.extensions["idp.units"]
    units.settings = make_settings(database, tmp_path)
    with units.write() as work:
        audit.record(work, Event.PIN_SENT, account="acc1")
    assert log() == []


def test_lines_of_a_request_name_its_number_and_network(app, log, network):
    visitor = Visitor(app, network=NETWORK)
    visitor.sign_in("nobody-at-all")
    page = log(raw=True)
    found = [json.loads(line) for line in page.splitlines()]
    (refused,) = [line for line in found if line["event"] == "signin.refused"]
    assert (refused["request_id"], refused["network"]) == (visitor.page.headers["X-Request-ID"], network)
    assert {line["network"] for line in found if line["event"] == "request"} == {network}
    assert NETWORK not in page


def test_networks_are_told_as_they_are_where_a_setting_says_so(tmp_path, database, clock, capsys):
    app = reused.app_of(make_settings(database, tmp_path, audit_log=True, log_networks="plain"), clock)
    logging.getLogger().setLevel(logging.DEBUG)
    capsys.readouterr()
    Visitor(app, network=NETWORK).sign_in("nobody-at-all")
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["network"] for line in found if line["event"] in ("request", "signin.refused")} == {NETWORK}


def test_a_document_answered_before_flask_names_the_network_alike(client, log, network):
    for _ in range(2):
        client.get("/jwks", environ_base={"REMOTE_ADDR": NETWORK})
    found = [json.loads(line) for line in log(raw=True).splitlines()]
    assert [line["network"] for line in found if line["event"] == "request"] == [network] * 2


def test_nothing_of_the_people_stands_in_any_line_of_their_whole_way(app, ordering, unit, log):
    """From the ordering system's document to both administrators at work, with mistakes on the way."""
    assert ordering("PUT", asdict(builders.document())).status_code == 201
    told = activated(app, "max.muster@example.com", PASSWORD, mobile=builders.MOBILE)
    visitor = Visitor(app, network=NETWORK)
    visitor.open("/console/")
    visitor.sign_in(USERNAME, "grüne Laterne")
    visitor.sign_in(USERNAME)
    pin = pins_of(app, builders.MOBILE)[-1]
    visitor.send("pin", pin=wrong(pin))
    visitor.send("pin", pin=pin)
    console = Administrator(visitor)
    console.submit("/console/accounts/new", **new_person())
    console.follow()
    console.open("/console/?search=Tanja+Testerin")
    told += [pin, *activated(app, "tanja.testerin@example.com", OTHER_PASSWORD), *_tokens(app, visitor, unit)]
    written = log(raw=True)

    names = ["Muster", "Testerin", "Tanja", "max.muster", "tanja.testerin", USERNAME, "Admin.Telefonanlage1"]
    numbers = [builders.MOBILE, builders.MOBILE[3:], "211550", NETWORK, "192.0.2.1", builders.NUMBER]
    assert [found for found in (*names, *numbers, *told, PASSWORD, OTHER_PASSWORD, "grüne Laterne") if found in written] == []
    events = {json.loads(line)["event"] for line in written.splitlines() if '"idp.audit"' in line}
    assert {"customer.provisioned", "account.activated", "pin.wrong", "signin.refused", "account.created", "token.refreshed"} <= events


def activated(app, email, password, mobile=None):
    """Follow an invitation's link to an active account; give what must stay secret."""
    visitor = Visitor(app, network=NETWORK)
    link = mails_of(app, email)[-1].link
    visitor.open(link)
    visitor.send("new_password", new_password=password, new_password_repeat=password)
    secrets = [link.rpartition("/")[2]]
    if mobile:
        secrets.append(pins_of(app, mobile)[-1])
        visitor.send("pin", pin=secrets[-1])
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."
    return secrets


def _tokens(app, visitor, unit):
    """Go on into an app; give its code, its tokens and the browser's."""
    with unit() as work:
        registered(work, "app")
    answer = visitor._ask("GET", "/authorize?" + urlencode(asking(scope="openid profile email phone")))
    code = answered(answer)["code"]
    party = RelyingParty(app)
    first = party.redeem(code).json
    second = party.refresh(first["refresh_token"]).json
    party.userinfo(second["access_token"])
    tokens = [answer[name] for answer in (first, second) for name in ("access_token", "refresh_token")]
    return [code, *tokens, visitor.session, visitor.client.get_cookie("idp_browser").value]
