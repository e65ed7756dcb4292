"""What ends, what lives on and what is deleted, in the database's own terms."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from idp.authn import sessions
from idp.authn.tables import Session as SessionRow
from idp.directory import accounts, provisioning
from idp.directory.accounts import Account
from idp.errors import InvalidField
from idp.oidc.clients import clients, resources
from idp.oidc.clients.store import used_ids
from idp.oidc.tokens import families, living_store, session_clients
from idp.oidc.tokens import store as token_store
from idp.oidc.tokens.tables import AccessToken, TokenFamily
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.builders import PHONE_1, PHONE_2
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty, claims_of


@pytest.fixture
def for_each_phone(party: RelyingParty, signed_in: Browser) -> dict[str, dict]:
    """Tokens for each cloud-phone contract, and some for none."""
    granted = {
        contract: party.tokens(signed_in, authorization_details=json.dumps([{"type": "cloud_phone", "contract": contract}]))
        for contract in (PHONE_1, PHONE_2)
    }
    return granted | {"none": party.tokens(signed_in)}


def living(party: RelyingParty, granted: dict[str, dict]) -> set[str]:
    return {name for name, tokens in granted.items() if party.is_active(tokens["access_token"])}


def test_an_ended_contract_ends_exactly_its_families(party: RelyingParty, units: Units, for_each_phone: dict) -> None:
    document = builders.document()
    with units.write(SYSTEM) as work:
        provisioning.provision(work, builders.NUMBER, replace(document, contracts=document.contracts[1:]))
    assert living(party, for_each_phone) == {PHONE_2, "none"}


def test_narrowed_grants_end_exactly_the_families_beyond_them(
    party: RelyingParty, units: Units, account: Account, for_each_phone: dict
) -> None:
    with units.write(SYSTEM) as work:
        accounts.set_grants(work, account, (PHONE_1,))
    assert living(party, for_each_phone) == {PHONE_1, "none"}


def test_a_revoked_consent_ends_the_families_of_that_client(
    party: RelyingParty, units: Units, account: Account, for_each_phone: dict
) -> None:
    with units.write(SYSTEM) as work:
        families.end_of_consent(work, account.id, clients.record(work, "app").client.id)
    assert living(party, for_each_phone) == set()


def test_a_session_knows_its_apps_once_each(party: RelyingParty, signed_in: Browser, units: Units, for_each_phone: dict) -> None:
    sid = claims_of(for_each_phone["none"]["id_token"])["sid"]
    with units.read() as work:
        family = work.db.execute(TokenFamily.__table__.select().limit(1)).one()
        (known,) = session_clients.clients_of(work, [family.session_id])
    assert (known.client_id, known.sid) == ("app", sid)


def test_what_is_over_is_deleted_in_batches(party: RelyingParty, units: Units, for_each_phone: dict, clock) -> None:
    clock.advance(minutes=6)
    with units.write() as work:
        assert token_store.delete_expired(work.db, work.now, 2) == 2, "spent access tokens"
        assert token_store.delete_expired(work.db, work.now, 100) == 1
    clock.advance(days=40)
    with units.write() as work:
        assert token_store.delete_expired(work.db, work.now, 100) == 4, "three families and an app of a session"
        assert not work.db.execute(TokenFamily.__table__.select()).all()
        assert not work.db.execute(AccessToken.__table__.select()).all()


def test_an_assertion_id_counts_once_until_it_expires(units: Units, clock) -> None:
    def spend() -> bool:
        with units.write() as work:
            return used_ids.spend(work.db, "assertion:app", "hash", work.now.replace(minute=5), work.now)

    assert [spend(), spend()] == [True, False]
    clock.advance(minutes=5)
    with units.write() as work:
        assert used_ids.delete_expired(work.db, work.now, 100) == 1
    assert spend()


def test_a_resource_is_found_by_its_identifier(units: Units) -> None:
    with units.write() as work:
        made = resources.create(work, "https://phones.example/api", name="Phones", scopes=("phones:read",))
        assert resources.show(work, made.identifier) == made
        with pytest.raises(resources.ResourceExists):
            resources.create(work, made.identifier)
        resources.delete(work, made.identifier)
        assert resources.list_all(work) == []


def test_a_resource_that_cannot_be_kept_is_refused(units: Units) -> None:
    for identifier, name in ((f"https://phones.example/{'x' * 500}", "Phones"), ("https://phones.example/", "x" * 300)):
        with units.write() as work, pytest.raises(InvalidField):
            resources.create(work, identifier, name=name)


def test_a_changed_client_keeps_what_was_not_named(units: Units, party: RelyingParty) -> None:
    with units.write() as work:
        before = clients.record(work, "app").client
        clients.change(work, "app", {"client_name": "Another name", "logo_uri": "https://app.example/logo.png"})
        after = clients.record(work, "app").client
        assert (after.name, after.logo_uri) == ("Another name", "https://app.example/logo.png")
        assert replace(after, name=before.name, logo_uri=None, metadata=before.metadata) == before
        clients.change(work, "app", {"logo_uri": None})
        assert clients.record(work, "app").client.logo_uri is None


def test_all_that_stands_behind_a_shown_token_is_read_at_once(
    party: RelyingParty, signed_in: Browser, units: Units, account: Account, clock
) -> None:
    def shown() -> living_store.Shown | None:
        with units.read() as work:
            return living_store.shown(work.db, jti, now=work.now, idle_since=sessions.idle_since(work))

    jti = claims_of(party.tokens(signed_in)["access_token"])["jti"]
    with units.write() as work:
        clients.change(work, "app", {"userinfo_signed_response_alg": "Ed25519"})
        (session,) = sessions.live_of(work, account.id)
    found = shown()
    assert found
    assert (found.account, found.session, found.userinfo_alg) == (account, session, "Ed25519")
    assert (found.family.client_id, found.family.session_id) == ("app", session.id)
    with units.write() as work:
        clients.change(work, "app", {"userinfo_signed_response_alg": None})
        work.db.execute(update(SessionRow).values(active_at=work.now - timedelta(minutes=31)))
    found = shown()
    assert found
    assert (found.account, found.session, found.userinfo_alg) == (account, None, None)
    clock.advance(minutes=6)
    assert shown() is None
