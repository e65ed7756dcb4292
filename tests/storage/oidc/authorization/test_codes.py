"""Codes: one use, also of many at once; what a second use ends."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.identifiers import ClientId, TokenFamilyId
from idp.oidc.authorization import codes, opening, store
from idp.oidc.authorization.codes import ClaimedCode
from idp.oidc.authorization.tables import Code
from idp.oidc.protocol import Ended, OAuthError
from idp.oidc.tokens.tables import TokenFamily
from idp.unit_of_work import UnitOfWork, Units
from tests.http.oidc.browsing import REDIRECT_URI, VERIFIER
from tests.storage.oidc.authorization.conftest import BROWSER, asked, at_once, granted

APP = ClientId("app")


@pytest.fixture
def code(unit) -> str:
    """A code that nobody has used."""
    with unit() as work:
        return codes.issue(work, granted(), opening.begin(work, asked(), BROWSER))


def claim(work: UnitOfWork, code: str, **changes) -> ClaimedCode:
    known = {"client_id": APP, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    return codes.claim(work, code, **(known | changes))


def family_of(work: UnitOfWork, claimed: ClaimedCode) -> TokenFamilyId:
    """Issue something from a code."""
    family_id = claimed.family_id
    work.db.execute(
        TokenFamily.__table__.insert(),
        {
            "id": family_id, "client_id": "app", "account_id": "an-account", "offline": False, "grant": claimed.grant.as_json(),
            "created_at": work.now, "expires_at": work.now + timedelta(hours=1), "generation": 0,
        },
    )  # fmt: skip
    return family_id


def test_rfc6749_4_1_2_a_code_gives_its_grant(unit, code: str) -> None:
    with unit() as work:
        assert claim(work, code).grant == granted()


def test_codes_are_stored_hashed(unit, code: str) -> None:
    with unit() as work:
        assert code not in str(work.db.execute(select(Code.__table__)).all())


def test_of_eight_parallel_redemptions_one_succeeds_and_the_others_end_what_it_got(units: Units, code: str) -> None:
    def redeem(work: UnitOfWork) -> TokenFamilyId:
        return family_of(work, claim(work, code))

    results = at_once(units, [redeem] * 8)
    (family_id,) = [result for result in results if not isinstance(result, Exception)]
    assert {type(result) for result in results if isinstance(result, Exception)} == {Ended}
    with units.read() as work:
        assert work.db.execute(select(TokenFamily.end_reason).where(TokenFamily.id == family_id)).scalar_one() == "code_replayed"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ClientId("other")},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": None},
        {"code_verifier": None},
        {"code_verifier": "another-verifier-of-at-least-43-characters-pkce"},
        {"code_verifier": "short"},
        {"code_verifier": "ä" * 43},
    ],
    ids=str,
)
def test_rfc7636_4_6_what_does_not_fit_is_invalid_grant_and_spends_nothing(unit, code: str, changes: dict) -> None:
    with pytest.raises(OAuthError) as refused, unit() as work:
        claim(work, code, **changes)
    assert refused.value.error == "invalid_grant"
    assert not isinstance(refused.value, Ended)
    with unit() as work:
        assert claim(work, code)


def test_rfc7636_a_verifier_without_a_challenge_is_invalid_grant(unit) -> None:
    with unit() as work:
        code = codes.issue(work, granted(), opening.begin(work, asked(code_challenge=None), BROWSER))
    with pytest.raises(OAuthError), unit() as work:
        claim(work, code)
    with unit() as work:
        assert claim(work, code, code_verifier=None)


def test_a_code_lives_sixty_seconds(unit, code: str, clock) -> None:
    clock.advance(seconds=60)
    with pytest.raises(OAuthError, match="expired"), unit() as work:
        claim(work, code)


def test_an_unknown_code_is_invalid_grant(unit) -> None:
    with pytest.raises(OAuthError), unit() as work:
        claim(work, "never issued")


def test_rfc6749_4_1_2_a_second_use_after_its_life_still_ends_what_the_first_got_and_is_noted(units: Units, unit, code: str, clock) -> None:
    with unit() as work:
        family_id = family_of(work, claim(work, code))
    clock.advance(hours=2)
    with pytest.raises(Ended), unit() as work:
        claim(work, code)
    with units.read() as work:
        assert work.db.execute(select(TokenFamily.ended_at).where(TokenFamily.id == family_id)).scalar_one() == work.now
        assert "token.code_replayed" in work.db.execute(select(AuditEvent.event)).scalars().all()


@pytest.mark.parametrize(
    "changes", [{"client_id": ClientId("other")}, {"code_verifier": "another-verifier-of-at-least-43-characters-pkce"}]
)
def test_a_second_use_by_somebody_else_ends_nothing(units: Units, unit, code: str, changes: dict) -> None:
    with unit() as work:
        family_id = family_of(work, claim(work, code))
    with pytest.raises(OAuthError) as refused, unit() as work:
        claim(work, code, **changes)
    assert not isinstance(refused.value, Ended)
    with units.read() as work:
        assert work.db.execute(select(TokenFamily.ended_at).where(TokenFamily.id == family_id)).scalar_one() is None


def test_a_used_code_is_known_as_long_as_its_tokens_can_live(unit, code: str, clock) -> None:
    with unit() as work:
        claim(work, code)
    clock.advance(hours=10)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 100) == 0
        assert store.find_code(work.db, store_hash(code))
    clock.advance(minutes=6)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 100) == 1


def store_hash(code: str) -> str:
    from idp import crypto  # noqa: PLC0415 - only here

    return crypto.hash_token(code)
