"""Kept and pushed requests: bound once, answered once, one code from what was pushed, cleaned away in time."""

import pytest

from idp.identifiers import AccountId, BrowserHash, SigninId
from idp.oidc.authorization import codes, consent, opening, par, parameters, store, validation
from idp.oidc.authorization.request import AnsweredByRedirect, OpenRequest, StartAgain
from idp.oidc.authorization.request_objects import Incoming
from idp.oidc.clients.clients import Client
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import OAuthError, Prompt
from idp.unit_of_work import UnitOfWork, Units
from tests.http.oidc.browsing import asking
from tests.storage.oidc.authorization.conftest import BROWSER, OTHER_BROWSER, asked, at_once, granted, kept

NO_KEYS = Keys(None, {}, (), frozenset(), b"", "")  # type: ignore[arg-type]


def pushed(work: UnitOfWork, client: Client) -> str:
    return par.push(work, NO_KEYS, client, Incoming(parameters.read(asking().items()))).request_uri


def opened(work: UnitOfWork, request_uri: str, browser: BrowserHash = BROWSER) -> OpenRequest:
    """Open a pushed request, as the authorization endpoint does."""
    given = parameters.read([("client_id", "app"), ("request_uri", request_uri)])
    _, wanted = validation.validate(work, NO_KEYS, Incoming(given))
    return opening.begin(work, wanted, browser)


def test_a_kept_request_comes_back_as_it_was(unit) -> None:
    wanted = {
        "nonce": "n", "prompts": frozenset({Prompt.LOGIN, Prompt.CONSENT}), "max_age": 5, "acr_values": ("a", "b"), "essential_acr": ("c",),
        "claims": {"id_token": {"email": {}}}, "subject": "s", "login_hint": "ä", "ui_locales": "de", "resources": ("https://r",),
        "authorization_details": ({"type": "cloud_phone", "contract": "CP-1"},),
    }  # fmt: skip
    with unit() as work:
        before = kept(work, **wanted)
    with unit() as work:
        assert opening.take_up(work, before.id, BROWSER).asked == asked(**wanted)


def test_of_eight_browsers_at_once_one_gets_an_unbound_request(units: Units, unit) -> None:
    with unit() as work:
        request = kept(work, None)
    browsers = [BrowserHash(str(number) * 64) for number in range(8)]
    results = at_once(units, [lambda work, browser=browser: opening.take_up(work, request.id, browser) for browser in browsers])
    assert sum(isinstance(result, OpenRequest) for result in results) == 1
    assert sum(isinstance(result, StartAgain) for result in results) == 7


def test_only_its_browser_finds_a_request(unit) -> None:
    with unit() as work:
        request = kept(work)
        assert opening.find(work, request.id, BROWSER).id == request.id
        for other in (OTHER_BROWSER, None):
            with pytest.raises(StartAgain):
                opening.find(work, request.id, other)


def test_of_eight_answers_at_once_one_code_is_issued(units: Units, unit) -> None:
    with unit() as work:
        request = kept(work)

    def answer(work: UnitOfWork) -> str:
        return codes.issue(work, granted(), opening.find(work, request.id, BROWSER))

    results = at_once(units, [answer] * 8)
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, StartAgain) for result in results) == 7


def test_rfc9126_of_eight_openings_of_one_reference_at_once_exactly_one_gets_a_code(units: Units, unit, app_client: Client) -> None:
    with unit() as work:
        reference = pushed(work, app_client)
        requests = [opened(work, reference) for _ in range(8)]
    results = at_once(units, [lambda work, request=request: codes.issue(work, granted(), request) for request in requests])
    assert sum(isinstance(result, str) for result in results) == 1
    assert {result.error for result in results if isinstance(result, AnsweredByRedirect)} == {"invalid_request_uri"}
    with pytest.raises(OAuthError), unit() as work:
        opened(work, reference)


def test_references_are_stored_hashed(unit, app_client: Client) -> None:
    from idp.oidc.authorization.tables import PushedRequest  # noqa: PLC0415 - only here

    with unit() as work:
        reference = pushed(work, app_client)
        assert reference.rpartition(":")[2] not in str(work.db.execute(PushedRequest.__table__.select()).all())


def test_a_request_notes_its_sign_in_and_who_agreed(unit, app_client: Client) -> None:
    with unit() as work:
        request = opening.begin(work, asked(), BROWSER)
        opening.keep_with_signin(work, request, SigninId("r" * 22), "urn:idp:acr:password")
        found = opening.take_up(work, request.id, BROWSER)
        assert (found.signin_id, found.asked_acr) == ("r" * 22, "urn:idp:acr:password")
        opening.keep_with_signin(work, found, SigninId("s" * 22), "urn:idp:acr:mfa")
        consent.give(work, found, app_client, AccountId("an-account"))
    with unit() as work:
        found = opening.take_up(work, request.id, BROWSER)
    assert (found.signin_id, found.asked_acr, found.consented_by) == ("s" * 22, "urn:idp:acr:mfa", "an-account")


def test_consents_add_up(unit, app_client: Client) -> None:
    with unit() as work:
        for scopes in (("openid", "email"), ("openid", "phone")):
            consent.give(work, kept(work, scopes=scopes), app_client, AccountId("an-account"))
    with unit() as work:
        assert store.consented_scopes(work.db, AccountId("an-account"), "app") == {"openid", "email", "phone"}
        assert store.consented_scopes(work.db, AccountId("another"), "app") == set()


def test_requests_are_cleaned_away_when_nobody_can_use_them(unit, app_client: Client, clock) -> None:
    with unit() as work:
        kept(work)
        pushed(work, app_client)
    clock.advance(minutes=29)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 100) == 0
    clock.advance(minutes=3)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 100) == 2


def test_cleaning_goes_in_small_steps(unit, clock) -> None:
    with unit() as work:
        for _ in range(5):
            kept(work)
    clock.advance(hours=1)
    with unit() as work:
        assert [store.delete_expired(work.db, work.now, 2) for _ in range(4)] == [2, 2, 1, 0]
