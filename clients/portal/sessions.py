"""The session of the asking browser: found by its cookie, kept fresh at the provider while its user works."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests
from flask import Flask, current_app, g, session

from portal.provider import ProviderUnreachable, SignInRefused, provider
from portal.settings import Settings
from portal.store import Session, Store

REFRESH_BEFORE = 60  # seconds before the access token's end
TOO_YOUNG_TO_REPEAT = 30  # seconds; a session refused so soon would be refused again, for ever


class SessionOver(Exception):
    """The provider no longer honours this session's token; `asks` is what the next sign-in has to ask for (RFC 9470)."""

    def __init__(self, **asks: str) -> None:
        super().__init__()
        self.asks = asks


def init_app(app: Flask, settings: Settings, store: Store, clock: Callable[[], float] = time.time) -> None:
    """Keep the parts that the functions below need."""
    app.extensions["portal.sessions"] = (settings, store, clock)


def _parts() -> tuple[Settings, Store, Callable[[], float]]:
    parts: tuple[Settings, Store, Callable[[], float]] = current_app.extensions["portal.sessions"]
    return parts


def begin(id_claims: dict[str, Any], token: dict[str, Any], profile: dict[str, Any]) -> None:
    """Sign this browser in, under a new session id (an id from before is worth nothing)."""
    settings, store, clock = _parts()
    end()
    now = clock()
    store.delete_expired(now, settings.session_idle_seconds, settings.session_seconds)
    token["expires_at"] = now + int(token.get("expires_in", 0))
    session["id"] = store.add_session(str(id_claims["sub"]), str(id_claims.get("sid", "")), token, profile, now)
    g.pop("portal_session", None)


def current() -> Session | None:
    """Give the asking browser's session, if it has one that still lives."""
    if "portal_session" not in g:
        settings, store, clock = _parts()
        session_id = session.get("id")
        g.portal_session = (
            store.find_session(session_id, clock(), settings.session_idle_seconds, settings.session_seconds) if session_id else None
        )
    found: Session | None = g.portal_session
    return found


def end() -> None:
    """End the asking browser's session; other tabs' running sign-ins stay."""
    found = current()
    if found is not None:
        _parts()[1].end_session(found.id_hash)
    session.pop("id", None)
    g.portal_session = None


def keep_fresh() -> None:
    """Refresh the access token shortly before its end: that is what tells the provider that the user is at work.

    Raises: SessionOver when the provider ended the session, ProviderUnreachable when it is away and the token has run out.
    """
    found, (_, store, clock) = current(), _parts()
    if found is None or found.token["expires_at"] - clock() > REFRESH_BEFORE:
        return
    try:
        token = provider().refresh(found.token)
    except SignInRefused as error:
        raise SessionOver from error
    except ProviderUnreachable:
        if found.token["expires_at"] > clock():
            return
        raise
    token["expires_at"] = clock() + int(token.get("expires_in", 0))
    store.renew_session(found.id_hash, token, found.profile)  # at once: the old refresh token is spent
    profile = _profile_now(found, token)
    store.renew_session(found.id_hash, token, profile)
    g.portal_session = replace(found, token=token, profile=profile)


def _profile_now(found: Session, token: dict[str, Any]) -> dict[str, Any]:
    """Ask again who it is and in which role; without an answer what we know holds on until the next refresh."""
    try:
        return provider().profile(token, found.sub)
    except requests.RequestException:
        return found.profile
    except SignInRefused as error:
        raise SessionOver from error


def may_begin_again() -> bool:
    """Say no for a session so young that another sign-in would end the same way."""
    found = current()
    return found is None or _parts()[2]() - found.created >= TOO_YOUNG_TO_REPEAT
