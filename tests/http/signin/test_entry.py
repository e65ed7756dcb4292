"""The front door: /signin and /."""

import pytest

from idp.settings import Settings
from tests.conftest import make_settings
from tests.visitor import pins_of


def test_a_visitor_of_the_front_door_is_asked_to_sign_in(visitor):
    visitor.open("/")
    assert visitor.heading == "Anmeldung erforderlich"


def test_an_administrator_ends_in_the_user_management_where_there_is_no_portal(visitor, admin):
    visitor.sign_in(admin.username)
    visitor.send("pin", pin=pins_of(visitor.app, admin.mobile)[-1])
    assert visitor.address.endswith("/console/")


def test_whom_nothing_waits_for_is_told_that_the_sign_in_worked(visitor, phone_admin):
    visitor.sign_in(phone_admin.username)
    assert visitor.heading == "Sie sind angemeldet"


def test_who_is_signed_in_is_not_asked_again(visitor, phone_admin):
    visitor.sign_in(phone_admin.username)
    visitor.open("/signin")
    assert visitor.heading == "Sie sind angemeldet"


class TestWithAPortal:
    @pytest.fixture
    def settings(self, database, tmp_path) -> Settings:
        return make_settings(database, tmp_path, portal_url="https://portal.example")

    def test_the_sign_in_ends_in_the_portal(self, visitor, phone_admin):
        visitor.sign_in(phone_admin.username)
        assert visitor.address == "https://portal.example"

    def test_its_forms_may_lead_there(self, visitor):
        visitor.open("/signin")
        assert "form-action 'self' https://portal.example" in visitor.page.headers["Content-Security-Policy"]
