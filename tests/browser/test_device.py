"""A desk phone is connected by the code that it shows."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.stack import Firm, Stack, new_firm
from tests.browser.test_accessibility import check

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="session")
def phone_client(stack: Stack) -> str:
    """The desk phones' client."""
    flags = ("--public", "--first-party", "--grant", DEVICE_CODE, "--grant", "refresh_token", "--authorization-details-type", "cloud_phone")
    return str(stack.command("client", "create", "--name", "Tischtelefon", *flags)["client_id"])


@pytest.fixture
def firm(page: Page, stack: Stack) -> Firm:
    """A firm whose administrator is active."""
    return steps.activated_firm(page, stack, new_firm())


def ask(stack: Stack, path: str, **form: str) -> dict[str, Any]:
    """Ask as a phone does."""
    request = urllib.request.Request(stack.idp + path, data=urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refusal:
        return dict(json.load(refusal))


def test_a_desk_phone_is_connected_without_script_by_typing_its_code(stack: Stack, phone_client: str, firm: Firm, another_browser) -> None:
    details = json.dumps([{"type": "cloud_phone", "contract": firm.phone_contract}])
    asked = {"scope": "openid offline_access", "device_name": "Telefon Empfang", "authorization_details": details}
    shown = ask(stack, "/device-authorization", client_id=phone_client, **asked)
    poll = {"grant_type": DEVICE_CODE, "device_code": shown["device_code"], "client_id": phone_client}
    page = another_browser(java_script_enabled=False).new_page()
    page.goto(shown["verification_uri"])
    steps.heading(page, "Gerät verbinden")
    page.get_by_label("Code").fill("BBBB BBBB")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("alert")).to_contain_text("Dieser Code stimmt nicht oder gilt nicht mehr.")
    page.get_by_label("Code").fill(shown["user_code"].lower().replace("-", " "))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_text("Weiter zu Tischtelefon")).to_be_visible()
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    steps.heading(page, "Dieses Gerät verbinden?")
    for words in (
        "Tischtelefon",
        "Telefon Empfang",
        firm.username,
        firm.phone_contract,
        "Hat Ihnen jemand den Code oder den Link geschickt",
    ):
        expect(page.get_by_text(words).first).to_be_visible()
    assert ask(stack, "/token", **poll)["error"] == "authorization_pending"
    page.get_by_role("button", name="Gerät verbinden").click()
    steps.heading(page, "Gerät verbunden")
    assert ask(stack, "/token", **poll)["authorization_details"] == json.loads(details)


def test_the_pages_of_a_device_are_for_everybody(page: Page, stack: Stack, phone_client: str, firm: Firm, shoot) -> None:
    shown = ask(stack, "/device-authorization", client_id=phone_client, scope="openid profile roles", device_name="Telefon Empfang")
    page.goto(shown["verification_uri_complete"])
    check(page, "code")
    expect(page.get_by_label("Code")).to_have_value(shown["user_code"])
    page.get_by_role("button", name="Weiter").click()
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    steps.heading(page, "Dieses Gerät verbinden?")
    check(page, "confirmation")
    shoot(page, "device")
    page.get_by_role("button", name="Ablehnen").click()
    steps.heading(page, "Gerät abgelehnt")
    check(page, "declined")
    foreign = json.dumps([{"type": "cloud_phone", "contract": "CP-0000"}])
    shown = ask(stack, "/device-authorization", client_id=phone_client, authorization_details=foreign)
    page.goto(shown["verification_uri_complete"])
    page.get_by_role("button", name="Weiter").click()
    steps.heading(page, "Mit Ihrem Benutzerkonto kann dieses Gerät nicht verbunden werden")
    check(page, "not allowed")
