"""Where a page tells a person to ask the service desk, it says how to reach it; elsewhere it does not."""

import pytest

from idp.directory import accounts
from idp.settings import Settings
from tests.conftest import make_settings

DESK = 'href="tel:+498001234567"'


@pytest.fixture
def settings(database: str, tmp_path) -> Settings:
    return make_settings(database, tmp_path, brand_service_phone="+49 800 1234567")


def test_who_is_locked_out_sees_the_number_of_the_service_desk(visitor, phone_admin, unit) -> None:
    with unit() as work:
        accounts.lock(work, phone_admin.id)
    visitor.sign_in(phone_admin.username)
    assert "Bitte wenden Sie sich an den Servicedesk." in visitor.page.text
    assert "Das hat nicht geklappt" in visitor.page.text
    assert DESK in visitor.page.text


def test_a_forgotten_field_is_no_matter_for_the_service_desk(visitor, phone_admin) -> None:
    visitor.sign_in(phone_admin.username, "")
    assert "Bitte prüfen Sie Ihre Eingaben" in visitor.page.text
    assert DESK not in visitor.page.text


def test_the_login_page_itself_is_quiet(visitor) -> None:
    visitor.open("/signin")
    assert DESK not in visitor.page.text
