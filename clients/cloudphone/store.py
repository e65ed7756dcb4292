"""The only place with SQL: sessions, their grants, running sign-ins and spent logout tokens in one SQLite file.

A file and not the memory of a process, so that a back-channel logout that reaches one process ends the session in all.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id_hash TEXT PRIMARY KEY, sub TEXT NOT NULL, sid TEXT NOT NULL,
    id_token TEXT NOT NULL, profile TEXT NOT NULL, created REAL NOT NULL, seen REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sessions_by_sid ON sessions (sid);
CREATE INDEX IF NOT EXISTS sessions_by_sub ON sessions (sub);
CREATE TABLE IF NOT EXISTS grants (
    id_hash TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE, contract TEXT NOT NULL, label TEXT NOT NULL, token TEXT NOT NULL,
    PRIMARY KEY (id_hash, contract));
CREATE TABLE IF NOT EXISTS attempts (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS logout_tokens (jti TEXT PRIMARY KEY, expires REAL NOT NULL);
"""
SECONDS_BETWEEN_SEEN = 60


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    id_hash: str
    sub: str
    sid: str
    id_token: str  # the hint for the logout
    profile: dict[str, Any]  # UserInfo


@dataclass(frozen=True, slots=True)
class Grant:
    """What one session may open: a contract, with the tokens that were issued for it alone."""

    contract: str
    label: str
    token: dict[str, Any]  # the token answer, with `expires_at`


class Store:
    """Opens the file anew for each question: cheap with SQLite, and safe with threads and forks."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / "cloudphone.sqlite3"
        self.path.touch(mode=0o600)  # it holds tokens
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=5)) as db:
            db.execute("PRAGMA foreign_keys=ON")
            with db:
                yield db

    def check(self) -> None:
        """Raise sqlite3.Error when the file cannot be used."""
        with self._open() as db:
            db.execute("SELECT 1 FROM sessions LIMIT 1").fetchone()

    def add_session(self, sub: str, sid: str, id_token: str, profile: dict[str, Any], now: float) -> str:
        """Keep a new session and give its id; only the hash of the id is stored."""
        session_id = secrets.token_urlsafe(32)
        row = (_hash(session_id), sub, sid, id_token, json.dumps(profile), now, now)
        with self._open() as db:
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return session_id

    def find_session(self, session_id: str, now: float, idle: int, life: int) -> Session | None:
        """Give the session unless it was idle or lived too long (seconds), and note that it was used."""
        id_hash = _hash(session_id)
        with self._open() as db:
            row = db.execute("SELECT sub, sid, id_token, profile, created, seen FROM sessions WHERE id_hash = ?", (id_hash,)).fetchone()
            if row is None or row[5] + idle <= now or row[4] + life <= now:
                return None
            if row[5] + SECONDS_BETWEEN_SEEN <= now:
                db.execute("UPDATE sessions SET seen = ? WHERE id_hash = ?", (now, id_hash))
        return Session(id_hash, row[0], row[1], row[2], json.loads(row[3]))

    def renew_session(self, id_hash: str, id_token: str, profile: dict[str, Any]) -> None:
        """Keep what a further sign-in of the same session said."""
        with self._open() as db:
            db.execute("UPDATE sessions SET id_token = ?, profile = ? WHERE id_hash = ?", (id_token, json.dumps(profile), id_hash))

    def end_session(self, id_hash: str) -> None:
        """Forget one session with its grants."""
        with self._open() as db:
            db.execute("DELETE FROM sessions WHERE id_hash = ?", (id_hash,))

    def end_sessions_of(self, sid: str | None, sub: str | None) -> int:
        """End the sessions that a logout token names: by `sid`, with `sub` if both are there, else all of `sub`."""
        with self._open() as db:
            return db.execute(
                "DELETE FROM sessions WHERE (:sid IS NULL OR sid = :sid) AND (:sub IS NULL OR sub = :sub)"
                " AND (:sid IS NOT NULL OR :sub IS NOT NULL)",
                {"sid": sid, "sub": sub},
            ).rowcount

    def put_grant(self, id_hash: str, grant: Grant) -> None:
        """Keep a grant; a session that was ended meanwhile stays ended."""
        with self._open() as db:
            db.execute(
                "INSERT OR REPLACE INTO grants SELECT id_hash, ?, ?, ? FROM sessions WHERE id_hash = ?",
                (grant.contract, grant.label, json.dumps(grant.token), id_hash),
            )

    def find_grant(self, id_hash: str, contract: str) -> Grant | None:
        """Give the grant for exactly this contract."""
        with self._open() as db:
            row = db.execute("SELECT label, token FROM grants WHERE id_hash = ? AND contract = ?", (id_hash, contract)).fetchone()
        return Grant(contract, row[0], json.loads(row[1])) if row else None

    def list_grants(self, id_hash: str) -> list[Grant]:
        """Give all contracts that this session opened."""
        with self._open() as db:
            rows = db.execute("SELECT contract, label, token FROM grants WHERE id_hash = ? ORDER BY contract", (id_hash,)).fetchall()
        return [Grant(contract, label, json.loads(token)) for contract, label, token in rows]

    def delete_grant(self, id_hash: str, contract: str) -> None:
        """Forget the grant for one contract."""
        with self._open() as db:
            db.execute("DELETE FROM grants WHERE id_hash = ? AND contract = ?", (id_hash, contract))

    def spend_logout_token(self, jti: str, expires: float) -> bool:
        """Note a logout token's `jti`; False if it was spent before."""
        with self._open() as db:
            spent = db.execute("INSERT OR IGNORE INTO logout_tokens VALUES (?, ?)", (jti, expires)).rowcount
        return spent == 1

    def delete_expired(self, now: float, idle: int, life: int) -> None:
        """Forget what is over."""
        with self._open() as db:
            db.execute("DELETE FROM sessions WHERE seen <= ? OR created <= ?", (now - idle, now - life))
            db.execute("DELETE FROM attempts WHERE expires <= ?", (now,))
            db.execute("DELETE FROM logout_tokens WHERE expires <= ?", (now,))

    def put_attempt(self, key: str, value: str, expires: float) -> None:
        """Keep what a running sign-in must remember."""
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?)", (key, value, expires))

    def find_attempt(self, key: str, now: float) -> str | None:
        """Give what a running sign-in must remember, unless it took too long."""
        with self._open() as db:
            row = db.execute("SELECT value FROM attempts WHERE key = ? AND expires > ?", (key, now)).fetchone()
        return row[0] if row else None

    def delete_attempt(self, key: str) -> None:
        """Forget a sign-in that is over."""
        with self._open() as db:
            db.execute("DELETE FROM attempts WHERE key = ?", (key,))


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
