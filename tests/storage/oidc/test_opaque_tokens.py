"""Opaque access tokens as the databases keep them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.oidc.clients import resources
from idp.oidc.tokens import families, references, store
from idp.oidc.tokens.tables import AccessToken, TokenFamily
from idp.unit_of_work import Units
from tests.conftest import NOON
from tests.filled import row_of
from tests.http.oidc.relying import RelyingParty, machine

OPAQUE, SECOND, SIGNED = "https://phones.example/api", "https://faxes.example/api", "https://open.example/api"
CLAIMS = {"scope": "ümlaut", "aud": [OPAQUE], "exp": 1, "nothing": None, "act": {"sub": "x"}}


@pytest.fixture(autouse=True)
def registered(units: Units) -> None:
    """Resources of both formats, and a family."""
    with units.write() as work:
        machine(work, "gateway", scope="")
        for identifier, token_format in ((OPAQUE, "opaque"), (SECOND, "opaque"), (SIGNED, "jwt")):
            resources.create(work, identifier, token_format=token_format, introspection_client_id="gateway")
        machine(work, "backend", scope="provisioning", resources=[OPAQUE, SECOND, SIGNED])
        store.add_family(work.db, row_of(TokenFamily.__table__, 1) | {"id": "family"})


def added(units: Units, jti: str, *identifiers: str) -> tuple[int, dict | None]:
    """Add a token for resources; give how many want it opaque, and what is kept of its claims."""
    with units.write() as work:
        opaque = store.add_access_token_for(work.db, jti, "family", NOON + timedelta(minutes=5), identifiers, CLAIMS)
    with units.read() as work:
        kept = work.db.execute(select(AccessToken.claims).where(AccessToken.jti == jti)).scalar_one()
        assert store.told_by(work.db, jti) == kept
    return opaque, kept


def test_what_an_opaque_token_says_is_kept_and_of_a_signed_one_nothing(units: Units) -> None:
    for number in range(3):  # the first times the library runs the statements, then the short way does
        assert added(units, f"a{number}", OPAQUE) == (1, CLAIMS)
        assert added(units, f"b{number}", SIGNED) == (0, None)
        assert added(units, f"c{number}", OPAQUE, SECOND) == (2, CLAIMS)
        assert added(units, f"d{number}", OPAQUE, SIGNED) == (1, CLAIMS)
        assert added(units, f"e{number}", SIGNED, "https://nobody.example") == (0, None)


def test_a_token_that_was_added_without_resources_says_nothing(units: Units) -> None:
    """As a program of the version before adds all of its tokens."""
    with units.write() as work:
        store.add_access_token(work.db, "plain", "family", NOON + timedelta(minutes=5))
        assert work.db.exec_driver_sql("SELECT count(*) FROM access_tokens WHERE claims IS NULL").scalar_one() == 1
        assert store.told_by(work.db, "plain") is None


def test_an_opaque_token_is_issued_told_revoked_and_deleted(app, units: Units, clock) -> None:
    backend, gateway = RelyingParty(app, "backend"), RelyingParty(app, "gateway")
    tokens = [backend.post("/token", {"grant_type": "client_credentials"}).json["access_token"] for _ in range(3)]
    assert all(gateway.introspect(token)["aud"] == OPAQUE for token in tokens)
    backend.post("/revoke", {"token": tokens[0]})
    assert [gateway.is_active(token) for token in tokens] == [False, True, True]
    clock.advance(seconds=301)
    with units.write() as work:
        families.delete_expired(work, 100)
        assert all(store.told_by(work.db, references.id_behind(token)) is None for token in tokens)


def test_a_refused_token_leaves_nothing(app, units: Units) -> None:
    backend = RelyingParty(app, "backend")
    for _ in range(3):
        answer = backend.post("/token", {"grant_type": "client_credentials", "resource": [OPAQUE, SIGNED]})
        assert answer.json["error"] == "invalid_target"
    with units.read() as work:
        assert work.db.scalars(select(AccessToken.jti)).all() == []
