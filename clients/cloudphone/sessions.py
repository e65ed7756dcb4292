"""The session of the asking browser, found by its cookie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, session

from cloudphone.settings import Settings
from cloudphone.store import Session, Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What sessions and grants need of the application."""

    settings: Settings
    store: Store
    clock: Callable[[], float]


def init_app(app: Flask, settings: Settings, store: Store, clock: Callable[[], float]) -> None:
    """Keep the parts that the functions below need."""
    app.extensions["cloudphone.parts"] = Parts(settings, store, clock)


def parts() -> Parts:
    """Give the running application's parts."""
    found: Parts = current_app.extensions["cloudphone.parts"]
    return found


def begin(id_claims: dict[str, Any], id_token: str, profile: dict[str, Any]) -> Session:
    """Sign this browser in; a further contract of the same provider session joins the session that is there.

    Another person, or a new session at the provider, gets a new one: nobody inherits grants.
    """
    here, found = parts(), current()
    sub, sid, now = str(id_claims["sub"]), str(id_claims.get("sid", "")), here.clock()
    if found is not None and (found.sub, found.sid) == (sub, sid):
        here.store.renew_session(found.id_hash, id_token, profile)
    else:
        end()
        here.store.delete_expired(now, here.settings.session_idle_seconds, here.settings.session_seconds)
        session["id"] = here.store.add_session(sub, sid, id_token, profile, now)
    g.pop("cloudphone_session", None)
    begun = current()
    if begun is None:
        raise RuntimeError("the session that was just begun is gone")
    return begun


def current() -> Session | None:
    """Give the asking browser's session, if it has one that still lives."""
    if "cloudphone_session" not in g:
        here, session_id = parts(), session.get("id")
        idle, life = here.settings.session_idle_seconds, here.settings.session_seconds
        g.cloudphone_session = here.store.find_session(session_id, here.clock(), idle, life) if session_id else None
    found: Session | None = g.cloudphone_session
    return found


def end() -> None:
    """End the asking browser's session with its grants; other tabs' running sign-ins stay."""
    found = current()
    if found is not None:
        parts().store.end_session(found.id_hash)
    session.pop("id", None)
    g.cloudphone_session = None
