"""»Benutzerkonto erstellen«: from the wish on the login page to the administrator's decision."""

import threading

import pytest
from sqlalchemy import func, select

from idp.directory import access_requests, accounts, customers
from idp.directory.access_requests import AccessRequestState, AccessWish
from idp.directory.accounts import Role, Status
from idp.directory.errors import AlreadyDecided, LinkVoid, UsernameTaken
from idp.directory.store import delete_expired
from idp.directory.tables import AccessRequest
from idp.errors import InvalidField, NotFound, TooMany
from idp.outbox.tables import Job
from tests import builders
from tests.storage.directory.conftest import acting


def wish(**changes) -> AccessWish:
    known = {
        "customer_number": builders.NUMBER,
        "given_name": "Nina",
        "family_name": "Neu",
        "email": "nina.neu@example.com",
        "username": "Nina.Neu",
    }
    return AccessWish(**(known | changes))


def receive(unit, network="192.0.2.1", **changes):
    with unit() as work:
        access_requests.receive(work, wish(**changes), network=network)


def mails(units):
    with units.read() as work:
        return list(work.db.execute(select(Job.id, Job.payload).order_by(Job.created_at, Job.id)).all())


def sent(units, template):
    return [payload["to"] for _, payload in mails(units) if payload["template"] == template]


def link(units, to="nina.neu@example.com"):
    [job_id] = [job_id for job_id, payload in mails(units) if payload["template"] == "mail/access_request_verify" and payload["to"] == to]
    with units.read() as work:
        return builders.token_in(work, job_id)


@pytest.fixture
def max_muster(unit, muster):
    with unit() as work:
        return builders.administrator(work, muster)


@pytest.fixture
def waiting(unit, units, muster, max_muster):
    """A request whose mail address is proven."""
    receive(unit)
    with unit() as work:
        access_requests.verify(work, link(units))
    with units.read() as work:
        [found] = access_requests.list_waiting(work, muster.id)
    return found


@pytest.mark.parametrize("number", [builders.NUMBER, "999"])
def test_a_known_and_an_unknown_customer_get_the_same_mail(unit, units, muster, number):
    receive(unit, customer_number=number)
    assert sent(units, "mail/access_request_verify") == ["nina.neu@example.com"]


def test_a_taken_user_name_is_taken_like_any_other(unit, units, muster, max_muster):
    with unit() as work:
        taken = builders.active_account(work, muster)
    receive(unit, username=taken.username)
    assert sent(units, "mail/access_request_verify") == ["nina.neu@example.com"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer_number": "0"}, "customer_number"),
        ({"email": "nobody"}, "email"),
        ({"username": "Nina Neu"}, "username"),
        ({"username": "customer2300229"}, "username"),
        ({"given_name": " "}, "given_name"),
    ],
)
def test_a_malformed_wish_is_told_whoever_exists(unit, muster, change, field):
    with pytest.raises(InvalidField) as refused:
        receive(unit, **change)
    assert refused.value.field == field


def test_an_unproven_request_is_not_shown(unit, units, muster):
    receive(unit)
    with units.read() as work:
        assert access_requests.list_waiting(work, muster.id) == []


def test_opening_the_link_does_not_prove_the_address(unit, units, muster):
    receive(unit)
    secret = link(units)
    with units.read() as work:
        assert access_requests.find_by_token(work, secret).state is AccessRequestState.UNVERIFIED
        assert access_requests.count_waiting(work, muster.id) == 0


def test_a_proven_request_waits_and_the_main_contact_is_told(units, waiting, muster, max_muster):
    assert (waiting.name, waiting.username, waiting.state) == ("Nina Neu", "Nina.Neu", AccessRequestState.WAITING)
    assert sent(units, "mail/access_request_waiting") == [max_muster.email]


def test_proving_twice_tells_the_administrator_once(unit, units, waiting):
    with unit() as work:
        access_requests.verify(work, link(units))
    assert len(sent(units, "mail/access_request_waiting")) == 1


def test_the_link_expires_after_a_day(unit, units, clock, muster):
    receive(unit)
    clock.advance(days=1)
    with pytest.raises(LinkVoid), unit() as work:
        access_requests.verify(work, link(units))


def test_an_unknown_link_is_void(unit, muster):
    with pytest.raises(LinkVoid), unit() as work:
        access_requests.verify(work, "unknown")


def test_a_proven_request_for_nobody_waits_unseen(unit, units, muster):
    receive(unit, customer_number="999")
    with unit() as work:
        access_requests.verify(work, link(units))
    assert sent(units, "mail/access_request_waiting") == []


def test_approval_creates_a_phone_administrator_and_sends_the_normal_invitation(unit, units, muster, max_muster, waiting):
    with unit(acting(max_muster)) as work:
        account = access_requests.approve(work, muster.id, waiting.id)
        assert accounts.show(work, muster.id, account.id).status is Status.INVITATION_SENT
    assert (account.role, account.username) == (Role.ADMINISTRATOR_TELEFONANLAGE, "Nina.Neu")
    assert "nina.neu@example.com" in sent(units, "mail/invitation")


def test_approval_may_correct_the_user_name(unit, muster, waiting):
    with unit() as work:
        assert access_requests.approve(work, muster.id, waiting.id, username="Nina.Alt").username == "Nina.Alt"


def test_a_taken_user_name_leaves_the_request_waiting(unit, units, muster, waiting):
    with unit() as work:
        builders.invited_account(work, muster, username="nina.neu")
    with pytest.raises(UsernameTaken), unit() as work:
        access_requests.approve(work, muster.id, waiting.id)
    with units.read() as work:
        assert access_requests.count_waiting(work, muster.id) == 1


def test_approval_asks_for_the_mobile_number_that_the_policy_demands(unit, muster, waiting):
    with unit() as work:
        customers.set_pin_for_all(work, muster.id, True)
    with pytest.raises(InvalidField) as refused, unit() as work:
        access_requests.approve(work, muster.id, waiting.id)
    assert refused.value.field == "mobile"
    with unit() as work:
        assert access_requests.approve(work, muster.id, waiting.id, mobile=builders.MOBILE).mobile == builders.MOBILE


def test_rejection_tells_the_person(unit, units, muster, waiting):
    with unit() as work:
        access_requests.reject(work, muster.id, waiting.id)
        assert access_requests.list_waiting(work, muster.id) == []
    assert sent(units, "mail/access_request_decided") == ["nina.neu@example.com"]


@pytest.mark.parametrize("second", [access_requests.approve, access_requests.reject])
def test_a_request_is_decided_once(unit, muster, waiting, second):
    with unit() as work:
        access_requests.reject(work, muster.id, waiting.id)
    with pytest.raises(AlreadyDecided), unit() as work:
        second(work, muster.id, waiting.id)


def test_of_parallel_approvals_one_creates_an_account(unit, units, muster, waiting):
    refused = []

    def approve(name):
        try:
            with unit() as work:
                access_requests.approve(work, muster.id, waiting.id, username=name)
        except AlreadyDecided as error:
            refused.append(error)

    threads = [threading.Thread(target=approve, args=(f"nina-{count}",)) for count in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 2


@pytest.mark.parametrize("decide", [access_requests.approve, access_requests.reject])
def test_a_request_to_another_customer_is_not_found(unit, waiting, decide):
    with unit() as work:
        other = builders.customer(work, builders.OTHER_NUMBER)
        assert access_requests.list_waiting(work, other.id) == []
    with pytest.raises(NotFound), unit() as work:
        decide(work, other.id, waiting.id)


def test_a_request_that_nobody_decides_expires_after_30_days(unit, units, clock, muster, waiting):
    clock.advance(days=30)
    with pytest.raises(AlreadyDecided), unit() as work:
        access_requests.approve(work, muster.id, waiting.id)
    with unit() as work:
        delete_expired(work.db, clock() + clock.now.resolution, 100)
        assert work.db.execute(select(func.count()).select_from(AccessRequest)).scalar_one() == 0


def test_one_network_may_ask_ten_times_an_hour(unit, clock, muster):
    for count in range(10):
        receive(unit, email=f"person{count}@example.com")
    with pytest.raises(TooMany):
        receive(unit, email="one.more@example.com")
    receive(unit, network="192.0.2.2", email="one.more@example.com")
    clock.advance(hours=1)
    receive(unit, email="one.more@example.com")


def test_wishes_counted_by_a_clock_that_ran_ahead_keep_nobody_out(unit, clock, muster):
    clock.advance(days=30)
    for count in range(10):
        receive(unit, email=f"person{count}@example.com")
    clock.advance(days=-30)
    receive(unit, email="one.more@example.com")


def test_one_address_gets_three_mails_a_day_and_the_answer_stays_the_same(unit, units, muster):
    for count in range(5):
        receive(unit, network=f"192.0.2.{count}")
    assert len(sent(units, "mail/access_request_verify")) == 3


def test_one_customer_number_takes_twenty_a_day_whether_it_exists_or_not(unit, units, muster):
    for number in (builders.NUMBER, "999"):
        for count in range(22):
            receive(unit, network=f"{number}/{count}", email=f"person{number}.{count}@example.com", customer_number=number)
    assert len(sent(units, "mail/access_request_verify")) == 40
