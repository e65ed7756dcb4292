"""Many redeem one device code, or decide about one device, at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import flask
import pytest
from sqlalchemy import func, select

from idp import crypto
from idp.oidc.authorization import device_decision
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.tokens.tables import TokenFamily
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.device.conftest import DEVICE, Person, Phone

MANY = 8


@pytest.fixture
def phone(app: flask.Flask, units: Units) -> Phone:
    """A desk phone."""
    with units.write() as work:
        browsing.registered(work, "phone", **DEVICE)
    return Phone(app)


@pytest.fixture
def person(app: flask.Flask, account) -> Person:
    """The browser of its person."""
    person = Person(app)
    person.with_session(account)
    return person


def at_once(act) -> list:
    start = Barrier(MANY)

    def one(number: int):
        start.wait(10)
        return act(number)

    with ThreadPoolExecutor(MANY) as threads:
        return list(threads.map(one, range(MANY)))


def test_rfc8628_3_5_of_parallel_redemptions_of_a_device_code_exactly_one_succeeds(app, phone: Phone, person: Person, units) -> None:
    person.connect(phone.begin())
    form = {"grant_type": DEVICE_CODE, "device_code": phone.begun["device_code"], "client_id": "phone"}
    answers = at_once(lambda _: app.test_client().post("/token", data=form))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (MANY - 1)
    assert {answer.json["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    with units.read() as work:
        assert work.db.execute(select(func.count()).select_from(TokenFamily)).scalar_one() == 1


def test_of_parallel_decisions_one_counts(phone: Phone, person: Person) -> None:
    page = person.confirmation(phone.begin())
    twins = [person.twin() for _ in range(MANY)]
    answers = at_once(lambda number: twins[number].decide(page, "allow" if number % 2 else "deny"))
    assert sorted(answer.status_code for answer in answers) == [303] + [410] * (MANY - 1)


def test_a_device_that_another_browser_took_meanwhile_is_not_decided_any_more(app, phone: Phone, person: Person, units: Units) -> None:
    code = phone.begin()
    request_id = person.confirmation(code).request.path.rpartition("/")[2]
    known = person.client.get_cookie("idp_browser")
    with units.read() as work:
        device = device_decision.find(work, request_id, crypto.hash_token(known.value))
    Person(app).enter(code)
    with pytest.raises(device_decision.DeviceOver), units.write() as work:
        device_decision.refuse(work, device, None)
    assert phone.error() == "authorization_pending"


def test_of_parallel_first_polls_one_is_pending_and_the_others_too_early(app, phone: Phone) -> None:
    phone.begin()
    form = {"grant_type": DEVICE_CODE, "device_code": phone.begun["device_code"], "client_id": "phone"}
    errors = [answer.json["error"] for answer in at_once(lambda _: app.test_client().post("/token", data=form))]
    assert sorted(errors) == ["authorization_pending"] + ["slow_down"] * (MANY - 1)
