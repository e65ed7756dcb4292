"""`idp messages`: what the demo transport delivered, for people and programs."""

import json
from types import SimpleNamespace

import pytest

from idp import messaging
from idp.app import worker_of
from idp.identifiers import EmailAddress, PhoneNumber

MAX = SimpleNamespace(salutation="Herr", given_name="Max", family_name="Muster", username="customer2300229")


@pytest.fixture
def delivered(app, unit):
    with unit() as work:
        link = {"link": "http://localhost/activate/abc"}
        messaging.send_mail(work, "mail/invitation", EmailAddress("max@customer.example"), "de", messaging.person(MAX), secret_values=link)
        messaging.send_sms(work, "sms/pin", PhoneNumber("+4915112345678"), "de", secret_values={"pin": "2623565"})
    worker_of(app).drain()


def test_the_newest_message_is_told_with_its_link(runner, delivered):
    answer = runner("messages", "latest", "--to", "Max@Customer.example", "--json")
    message = json.loads(answer.output)
    assert answer.exit_code == 0
    assert list(message) == ["id", "kind", "to", "subject", "text", "html", "link", "pin", "created_at"]
    assert (message["kind"], message["to"], message["link"]) == ("mail", "max@customer.example", "http://localhost/activate/abc")
    assert message["created_at"].endswith("Z")


def test_the_newest_sms_is_told_with_its_pin(runner, delivered):
    assert json.loads(runner("messages", "latest", "--to", "+4915112345678", "--kind", "sms", "--json").output)["pin"] == "2623565"


@pytest.mark.parametrize("more", [["--to", "eve@customer.example"], ["--to", "max@customer.example", "--kind", "sms"]])
def test_no_message_is_exit_3(runner, delivered, more):
    answer = runner("messages", "latest", *more, "--json")
    assert answer.exit_code == 3
    assert json.loads(answer.output)["error"] == "not_found"


def test_only_what_came_after_a_message_is_told(runner, delivered):
    newest = json.loads(runner("messages", "latest", "--to", "max@customer.example", "--json").output)["id"]
    answer = runner("messages", "latest", "--to", "max@customer.example", "--after", str(newest), "--wait", "0.2", "--json")
    assert answer.exit_code == 3


def test_the_list_is_a_bare_array_newest_first(runner, delivered):  # the PIN left first
    found = json.loads(runner("messages", "list", "--json").output)
    assert [message["kind"] for message in found] == ["mail", "sms"]


def test_an_empty_list_is_an_empty_array(runner, app):
    assert json.loads(runner("messages", "list", "--json").output) == []


def test_where_messages_leave_the_house_the_command_says_so(runner, app, monkeypatch):
    monkeypatch.setenv("IDP_MAIL_SENDER", "smtp")
    monkeypatch.setenv("IDP_SMS_SENDER", "vonage")
    answer = runner("messages", "list", "--json")
    assert (answer.exit_code, json.loads(answer.output)["error"]) == (1, "no_demo_transport")
