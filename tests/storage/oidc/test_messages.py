"""How many messages PostgreSQL gets for a token: each is waited for, whatever the database does with it."""

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty, machine

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is sent: the first word of each statement, and COMMIT where a transaction had begun."""
    sent: list[str] = []
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def noted_execute(self: psycopg.Cursor, query: object, *given: object, **options: object) -> psycopg.Cursor:
        begins = not self.connection.autocommit and self.connection.info.transaction_status is TransactionStatus.IDLE
        sent.extend(["BEGIN"] * begins + str(query).split(maxsplit=1)[:1])
        return execute(self, query, *given, **options)

    def noted_commit(self: psycopg.Connection) -> None:
        sent.extend(["COMMIT"] * (self.info.transaction_status is TransactionStatus.INTRANS))
        commit(self)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted_execute)
    monkeypatch.setattr(psycopg.Connection, "commit", noted_commit)
    return sent


def test_a_machines_token_takes_two(app, units: Units, messages: list[str]) -> None:
    with units.write() as work:
        machine(work, "backend", scope="provisioning")
    backend = RelyingParty(app, "backend")
    for _ in range(4):  # at first the library runs the statements
        messages.clear()
        assert backend.post("/token", {"grant_type": "client_credentials"}).status_code == 200
    assert messages == ["SELECT", "WITH"]


def test_single_sign_on_into_an_app_takes_nine(signed_in: Browser, party: RelyingParty, messages: list[str]) -> None:
    for _ in range(4):
        messages.clear()
        code = answered(signed_in.authorize())["code"]
        assert party.redeem(code).status_code == 200
    assert messages == ["SELECT", "SELECT", "WITH", "SELECT", "BEGIN", "UPDATE", "SELECT", "WITH", "COMMIT"]
