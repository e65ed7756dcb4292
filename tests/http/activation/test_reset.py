"""»Passwort vergessen«: from the user ID to a new password."""

import re

import pytest
from sqlalchemy import func, select

from idp.authn import sessions
from idp.authn.tables import PasswordReset
from idp.directory import accounts
from idp.outbox.tables import Job
from tests import builders
from tests.visitor import OTHER_PASSWORD, PASSWORD, Visitor, deliver, give_password, mails_of, pins_of


def ask(visitor: Visitor, username: str):
    visitor.open("/password/forgot")
    return visitor.send("username", username=username)


def link_of(visitor: Visitor, account) -> str:
    mail = [mail for mail in mails_of(visitor.app, account.email) if mail.link and "/password/reset/" in mail.link][-1]
    return mail.link.removeprefix("http://localhost")


def reset(visitor: Visitor, account, password: str = OTHER_PASSWORD) -> None:
    """Ask for a link, open it and choose a password."""
    ask(visitor, account.username)
    visitor.open(link_of(visitor, account))
    visitor.send("new_password", new_password=password, new_password_repeat=password)


def test_a_phone_admin_sets_a_new_password_by_mail_link(visitor, active_phone_admin):
    reset(visitor, active_phone_admin)
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."
    visitor.sign_in(active_phone_admin.username, OTHER_PASSWORD)
    assert visitor.session


def test_an_administrator_confirms_the_new_password_by_pin(visitor, active_admin):
    reset(visitor, active_admin)
    assert visitor.heading == "SMS PIN erforderlich"
    visitor.send("pin", pin=pins_of(visitor.app, active_admin.mobile)[-1])
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."


def test_the_old_password_counts_until_the_new_one_is_confirmed_and_then_no_more(visitor, another, active_phone_admin):
    reset(visitor, active_phone_admin)
    other = another()
    other.sign_in(active_phone_admin.username, PASSWORD)
    assert other.session is None


def test_a_reset_ends_all_sessions_and_tells_the_owner(visitor, another, active_phone_admin, units):
    signed_in = another()
    signed_in.sign_in(active_phone_admin.username)
    reset(visitor, active_phone_admin)
    with units.read() as work:
        assert sessions.find(work, signed_in.session) is None
    subjects = [mail.subject for mail in mails_of(visitor.app, active_phone_admin.email)]
    assert len(subjects) >= 2
    assert visitor.session is None


def test_the_answer_is_the_same_for_every_name(visitor, another, active_admin, active_phone_admin, unit):
    with unit() as work:
        invited = builders.invited_account(work)
        locked = builders.active_account(work)
        accounts.lock(work, locked.id)
    answers = set()
    for username in (active_admin.username, invited.username, locked.username, "nobody-has-this-name", "no/such @@ name"):
        ask(visitor, username)
        answers.add((visitor.page.status_code, visitor.page.text, visitor.address))
    assert len(answers) == 1


def test_the_work_is_the_same_for_every_name(visitor, active_admin, units):
    def jobs() -> int:
        with units.read() as work:
            return work.db.scalar(select(func.count()).select_from(Job))

    before = jobs()
    ask(visitor, active_admin.username)
    known = jobs() - before
    ask(visitor, "nobody-has-this-name")
    assert jobs() - before - known == known


@pytest.mark.parametrize("state", ["invited", "locked", "deactivated"])
def test_only_active_accounts_get_a_link(visitor, active_admin, unit, units, state):
    with unit() as work:
        account = builders.invited_account(work) if state == "invited" else builders.active_account(work)
        if state == "locked":
            accounts.lock(work, account.id)
        if state == "deactivated":
            accounts.deactivate(work, account.customer_id, account.id)
    ask(visitor, account.username)
    mails_of(visitor.app, account.email)
    with units.read() as work:
        assert work.db.scalar(select(func.count()).select_from(PasswordReset)) == 0


def test_a_newer_link_ends_the_older(visitor, active_phone_admin):
    ask(visitor, active_phone_admin.username)
    old = link_of(visitor, active_phone_admin)
    ask(visitor, active_phone_admin.username)
    deliver(visitor.app)
    visitor.open(old)
    assert visitor.page.status_code == 410
    assert "new_password" not in visitor.page.text
    visitor.open(link_of(visitor, active_phone_admin))
    assert visitor.heading == "Passwort festlegen"


def test_a_link_expires_and_offers_a_new_one(visitor, active_phone_admin, clock):
    ask(visitor, active_phone_admin.username)
    address = link_of(visitor, active_phone_admin)
    clock.advance(minutes=60)
    visitor.open(address)
    assert (visitor.page.status_code, visitor.heading) == (410, "Dieser Link ist abgelaufen")
    assert "/password/forgot" in visitor.page.text


def test_a_used_link_says_so_before_anything_is_typed(visitor, active_phone_admin):
    reset(visitor, active_phone_admin)
    visitor.open(link_of(visitor, active_phone_admin))
    assert (visitor.page.status_code, visitor.heading) == (410, "Dieser Link wurde bereits verwendet")


def test_the_last_five_passwords_may_not_come_again(visitor, active_phone_admin, units):
    chosen = [f"Laterne {word} am alten Hafen" for word in ("gelb", "blau", "grau", "rosa", "lila")]
    for password in chosen:
        give_password(units, active_phone_admin, password)
    ask(visitor, active_phone_admin.username)
    visitor.open(link_of(visitor, active_phone_admin))
    for password in chosen:
        visitor.send("new_password", new_password=password, new_password_repeat=password)
        assert "Dieses Kennwort haben Sie schon einmal verwendet." in visitor.page.text
    visitor.send("new_password", new_password=PASSWORD, new_password_repeat=PASSWORD)
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."


def test_an_account_gets_three_links_an_hour(visitor, active_phone_admin, clock):
    def links() -> int:
        return len([mail for mail in mails_of(visitor.app, active_phone_admin.email) if mail.link and "/password/reset/" in mail.link])

    for _ in range(5):
        ask(visitor, active_phone_admin.username)
    assert visitor.page.status_code == 200
    assert links() == 3
    clock.advance(hours=1)
    ask(visitor, active_phone_admin.username)
    assert links() == 4


def test_a_network_that_asks_too_often_has_to_wait(visitor, another, active_admin):
    visitor.open("/password/forgot")
    form = visitor.form("username")
    statuses = [visitor.post(form.action, **form.fields | {"username": f"somebody-{number}"}).status_code for number in range(21)]
    assert statuses == [303] * 20 + [429]
    elsewhere = another(network="198.51.100.7")
    ask(elsewhere, active_admin.username)
    assert elsewhere.page.status_code == 200


def test_the_links_token_is_stored_hashed(visitor, active_phone_admin, units):
    ask(visitor, active_phone_admin.username)
    token = link_of(visitor, active_phone_admin).rpartition("/")[2]
    with units.read() as work:
        stored = work.db.execute(select(PasswordReset.__table__)).mappings().one()
    assert token not in str(dict(stored))
    assert re.fullmatch("[0-9a-f]{64}", stored["token_hash"])
