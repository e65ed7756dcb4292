"""The status of an account, by the first row of the table that matches."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.directory.entries import Account, Invitation, Role, Status
from idp.directory.states import status_of
from tests.conftest import NOON

BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


def account(**changes) -> Account:
    known = dict.fromkeys(Account.__dataclass_fields__) | {"role": Role.ADMINISTRATOR_TELEFONANLAGE}
    return Account(**(known | changes))


def invitation(**changes) -> Invitation:
    known = dict.fromkeys(Invitation.__dataclass_fields__) | {"created_at": BEFORE, "send_at": BEFORE, "expires_at": AFTER}
    return Invitation(**(known | changes))


@pytest.mark.parametrize(
    ("facts", "opened", "status"),
    [
        ({"deactivated_at": BEFORE, "locked_at": BEFORE, "activated_at": BEFORE}, None, Status.DEACTIVATED),
        ({"locked_at": BEFORE, "activated_at": BEFORE}, None, Status.LOCKED),
        ({"activated_at": BEFORE}, None, Status.ACTIVE),
        ({"activated_at": BEFORE}, invitation(send_at=AFTER), Status.ACTIVE),
        ({}, invitation(send_at=AFTER), Status.INVITATION_SCHEDULED),
        ({}, invitation(expires_at=NOON), Status.INVITATION_EXPIRED),
        ({}, invitation(expires_at=BEFORE, delivery_failed_at=BEFORE), Status.INVITATION_EXPIRED),
        ({}, invitation(delivery_failed_at=BEFORE), Status.DELIVERY_FAILED),
        ({}, invitation(), Status.INVITATION_SENT),
        ({}, invitation(send_at=NOON), Status.INVITATION_SENT),
        ({}, None, Status.NOT_INVITED),
    ],
)
def test_the_first_match_is_the_status(facts, opened, status):
    assert status_of(account(**facts), opened, NOON) is status


def test_time_alone_moves_a_scheduled_invitation_on():
    waits = invitation(send_at=AFTER, expires_at=AFTER + timedelta(days=14))
    moments = [NOON, AFTER, AFTER + timedelta(days=14)]
    assert [status_of(account(), waits, moment) for moment in moments] == [
        Status.INVITATION_SCHEDULED,
        Status.INVITATION_SENT,
        Status.INVITATION_EXPIRED,
    ]


def test_an_unknown_account_fact_changes_nothing():
    assert status_of(replace(account(), phone="+49211550"), None, NOON) is Status.NOT_INVITED


@pytest.mark.parametrize("locale", ["de", "en"])
def test_every_status_and_role_has_a_name_of_its_own(locale):
    for kind in (Status, Role):
        assert len({entry.label.render(locale) for entry in kind}) == len(kind)


def test_the_german_names_are_those_of_the_guides():
    assert [status.label.render("de") for status in Status] == [
        "Deaktiviert",
        "Gesperrt",
        "Aktiv",
        "Einladung geplant",
        "Einladung abgelaufen",
        "Zustellung fehlgeschlagen",
        "Einladung versendet",
        "Nicht eingeladen",
    ]
    assert Role.ADMINISTRATOR_TELEFONANLAGE.label.render("de") == "Administrator Telefonanlage"
