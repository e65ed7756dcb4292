"""Whatever ends a token's family ends what was exchanged for the token, at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import flask
import pytest
from sqlalchemy import select

from idp.authn import sessions
from idp.authn.events import EndReason, PasswordReset
from idp.directory import accounts, provisioning
from idp.directory.accounts import Account
from idp.oidc.clients import clients as registered
from idp.oidc.tokens import families
from idp.oidc.tokens.families import FamilyEnd
from idp.oidc.tokens.tables import TokenFamily
from idp.unit_of_work import SYSTEM, UnitOfWork, Units
from tests import builders
from tests.builders import PHONE_1, PHONE_2
from tests.http.oidc.browsing import Browser
from tests.http.oidc.exchange.conftest import CALLS, Exchanger, phones

Chain = tuple[str, str, str]


@pytest.fixture
def tokens(portal: Exchanger, signed_in: Browser) -> dict:
    """The portal's tokens, with a contract."""
    return portal.tokens(signed_in, scope="openid roles", authorization_details=phones(PHONE_1))


@pytest.fixture
def chain(portal: Exchanger, pbx: Exchanger, tokens: dict) -> Chain:
    """The portal's token, what it got for that (for another contract), and what its backend got for this."""
    first = portal.exchanged(tokens["access_token"], authorization_details=phones(PHONE_2))
    return tokens["access_token"], first, pbx.exchanged(first, resource=CALLS)


@pytest.fixture
def alive(portal: Exchanger, pbx: Exchanger, chain: Chain) -> Callable[[], list[bool]]:
    """Tell which tokens of the chain still count."""
    return lambda: [portal.is_active(chain[0]), portal.is_active(chain[1]), pbx.is_active(chain[2])]


def parents(work: UnitOfWork) -> dict[str, str | None]:
    return {row.id: row.parent_id for row in work.db.execute(select(TokenFamily.id, TokenFamily.parent_id))}


def test_families_hang_below_each_other(units: Units, chain: Chain) -> None:
    with units.read() as work:
        known = parents(work)
    assert sorted(parent is None for parent in known.values()) == [False, False, True]
    assert len(set(known.values())) == 3


def session_ends(work: UnitOfWork, account: Account) -> None:
    sessions.end_all_of(work, [account.id], EndReason.LOGOUT)


def account_is_deactivated(work: UnitOfWork, account: Account) -> None:
    accounts.deactivate(work, account.customer_id, account.id)


def account_is_locked(work: UnitOfWork, account: Account) -> None:
    accounts.lock(work, account.id)


def password_is_reset(work: UnitOfWork, account: Account) -> None:
    work.emit(PasswordReset(account.id))


def contract_of_the_first_token_ends(work: UnitOfWork, account: Account) -> None:
    left = tuple(entry for entry in builders.document().contracts if entry.id != PHONE_1)
    provisioning.provision(work, builders.NUMBER, builders.document(contracts=left))


def contract_of_the_first_token_is_taken(work: UnitOfWork, account: Account) -> None:
    accounts.set_grants(work, account, (PHONE_2,))


def family_is_revoked(work: UnitOfWork, account: Account) -> None:
    (root,) = (family for family, parent in parents(work).items() if parent is None)
    assert families.end(work, root, FamilyEnd.REVOKED)


def client_of_the_first_token_is_gone(work: UnitOfWork, account: Account) -> None:
    registered.enable(work, "portal", enabled=False)
    registered.enable(work, "portal", enabled=True)


def consent_is_revoked(work: UnitOfWork, account: Account) -> None:
    families.end_of_consent(work, account.id, "portal")


@pytest.mark.parametrize(
    "happens",
    [
        session_ends, account_is_deactivated, account_is_locked, password_is_reset, contract_of_the_first_token_ends,
        contract_of_the_first_token_is_taken, family_is_revoked, client_of_the_first_token_is_gone, consent_is_revoked,
    ],
)  # fmt: skip
def test_what_ends_the_first_ends_the_whole_chain(units: Units, alive, account: Account, happens) -> None:
    assert alive() == [True, True, True]
    with units.write(SYSTEM) as work:
        happens(work, account)
    assert alive() == [False, False, False]


def test_core_11_an_offline_token_is_exchanged_after_logout_until_the_account_ends(
    portal, signed_in: Browser, account, units: Units
) -> None:
    token = portal.tokens(signed_in, scope="openid offline_access")["access_token"]
    with units.write(SYSTEM) as work:
        session_ends(work, account)
    below = portal.exchanged(token)
    assert portal.is_active(below)
    with units.write(SYSTEM) as work:
        account_is_locked(work, account)
    assert not portal.is_active(below)


def test_rfc7009_2_1_revoking_the_refresh_token_ends_what_was_exchanged(portal: Exchanger, tokens: dict, alive) -> None:
    assert portal.post("/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    assert alive() == [False, False, False]


def test_rfc7009_2_1_revoking_an_access_token_ends_what_was_exchanged_and_leaves_the_rest(portal: Exchanger, tokens: dict, alive) -> None:
    assert portal.post("/revoke", {"token": tokens["access_token"]}).status_code == 200
    assert alive() == [False, False, False]
    assert portal.refresh(tokens["refresh_token"]).status_code == 200


def test_rfc7009_2_1_revoking_a_token_in_the_middle_leaves_the_first(portal: Exchanger, chain: Chain, alive) -> None:
    assert portal.post("/revoke", {"token": chain[1]}).status_code == 200
    assert alive() == [True, False, False]


def test_rfc9700_4_14_a_stolen_refresh_token_ends_what_was_exchanged(portal: Exchanger, tokens: dict, alive, clock) -> None:
    portal.refresh(portal.refresh(tokens["refresh_token"]).json["refresh_token"])
    portal.refresh(tokens["refresh_token"])
    assert alive() == [False, False, False]


def test_an_ended_token_is_not_exchanged(portal: Exchanger, chain: Chain, tokens: dict) -> None:
    portal.post("/revoke", {"token": tokens["refresh_token"]})
    assert portal.error(chain[0]) == "invalid_request"
    assert portal.error(chain[1]) == "invalid_request"


def test_a_parent_that_ended_unnoticed_ends_its_children_all_the_same(units: Units, chain: Chain, alive, clock) -> None:
    """An exchange in the same moment as the end is not seen by the statement that ends; the parent is looked at with each use."""
    with units.write(SYSTEM) as work:
        roots = [family for family, parent in parents(work).items() if parent is None]
        work.db.execute(TokenFamily.__table__.update().where(TokenFamily.id.in_(roots)).values(ended_at=clock(), end_reason="revoked"))
    assert alive()[:2] == [False, False]


both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@both_databases
def test_narrowed_grants_end_chains_that_began_beyond_them_and_no_others(
    units: Units, portal: Exchanger, signed_in: Browser, chain: Chain, alive, account: Account
) -> None:
    other = portal.tokens(signed_in, scope="openid", authorization_details=phones(PHONE_2))["access_token"]
    below = portal.exchanged(other)
    with units.write(SYSTEM) as work:
        contract_of_the_first_token_is_taken(work, account)
    assert alive() == [False, False, False]
    assert [portal.is_active(other), portal.is_active(below)] == [True, True]


@both_databases
def test_exchanges_at_the_moment_of_the_end_leave_nothing_alive(app: flask.Flask, portal: Exchanger, tokens: dict) -> None:
    start = Barrier(8)

    def act(number: int) -> str | None:
        party = Exchanger(app, "portal")
        start.wait(10)
        if number == 3:
            party.post("/revoke", {"token": tokens["refresh_token"]})
            return None
        response = party.exchange(tokens["access_token"])
        return response.json["access_token"] if response.status_code == 200 else None

    with ThreadPoolExecutor(8) as threads:
        given = [token for token in threads.map(act, range(8)) if token]
    assert [token for token in given if portal.is_active(token)] == []
