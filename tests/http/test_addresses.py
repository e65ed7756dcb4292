"""The addresses that mails name are pages that exist."""

import pytest

from idp import addresses

LINKS = [addresses.activation, addresses.password_reset, addresses.access_request, addresses.contact_change]
PLACES = [addresses.access_requests, addresses.portal, addresses.login]


@pytest.mark.parametrize("address", LINKS)
def test_the_address_of_a_link_leads_to_a_page(app, settings, address):
    path = address(settings, "token").removeprefix(settings.issuer_address)
    _, values = app.url_map.bind("localhost").match(path)
    assert "token" in values.values()


@pytest.mark.parametrize("address", PLACES)
def test_the_address_of_a_place_leads_to_a_page(app, settings, address):
    path = address(settings).removeprefix(settings.issuer_address) or "/"
    assert app.url_map.bind("localhost").match(path)


def test_a_portal_of_the_settings_is_where_mails_lead(settings):
    chosen = settings.model_copy(update={"portal_url": "https://portal.example"})
    assert addresses.login(chosen) == addresses.portal(chosen) == "https://portal.example"
