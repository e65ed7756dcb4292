"""The one place where the parts are put together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Request
from flask.typing import ResponseReturnValue
from werkzeug.routing import MapAdapter

from idp import api, audit, demo, messaging, metrics, pages
from idp.authn import activations, sessions
from idp.authn import cleaning as authn_cleaning
from idp.authn import erasing as authn_erasing
from idp.authn.events import PasswordReset, SessionsEnded
from idp.authn.resets import ResetSender
from idp.clock import Clock, system_clock
from idp.database import configure_engines, db, prepare_engines
from idp.directory import invitations
from idp.directory.events import (
    AccountErased,
    AccountsDeactivated,
    AccountsLocked,
    ContractGrantsNarrowed,
    ContractsEnded,
    InvitationEnded,
    RolesChanged,
)
from idp.directory.store import expiry as directory_expiry
from idp.oidc import endpoints
from idp.oidc.authorization import consent, device_store
from idp.oidc.authorization import erasing as authorization_erasing
from idp.oidc.authorization import store as authorization_store
from idp.oidc.authorization.events import ConsentRevoked
from idp.oidc.clients import logos, origins, refusals
from idp.oidc.clients.events import ClientDeleted, ClientEnded
from idp.oidc.clients.store import initial_tokens as initial_token_store
from idp.oidc.clients.store import used_ids as used_id_store
from idp.oidc.keys import rotation
from idp.oidc.keys.ring import ring_of
from idp.oidc.logout import backchannel
from idp.oidc.tokens import erasing as tokens_erasing
from idp.oidc.tokens import families
from idp.operations import cleaning, health, request_log, schema, tracing
from idp.operations.cleaning import Delete
from idp.operations.master_secret import secrets_of
from idp.outbound import OutboundClient
from idp.outbox import JobFinished, Periodic
from idp.outbox import store as outbox_store
from idp.outbox.worker import Worker
from idp.pages.ready import ReadyDocuments
from idp.pages.short_way import ShortWay
from idp.replica import BEAT, BEAT_EVERY, Replica
from idp.settings import Settings, load_settings
from idp.unit_of_work import Handlers, Units, retry_once
from idp.web import activation, console, selfservice, signin, staff

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = Path(__file__).parent.parent

FACES: Sequence[Callable[[Flask], None]] = (
    pages.init_app,
    request_log.init_app,
    health.init_app,
    endpoints.init_app,
    signin.init_app,
    activation.init_app,
    selfservice.init_app,
    console.init_app,
    staff.init_app,
    api.init_app,
    demo.init_app,
    tracing.init_app,
)


class Provider(Flask):
    """The application; a whole view runs once more when the database refused to serialize."""

    @property
    def secret_key(self) -> bytes:  # type: ignore[override]  # Flask reads a setting; ours is known once the database was asked
        """Sign `idp_state` and the tokens of forms. Raises: TryAgain."""
        units: Units = self.extensions["idp.units"]
        return units.secrets.key("state-cookie")

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer at once what is ready; all else is a request to Flask."""
        ready: ReadyDocuments | None = self.extensions.get("idp.ready")
        answer = ready.answer(environ, start_response, super().wsgi_app) if ready else None
        if answer is None:
            answer = self.short_way.answer(environ, start_response)
        return super().wsgi_app(environ, start_response) if answer is None else answer

    @cached_property
    def short_way(self) -> ShortWay:
        """Look up once what requests of machines need; at the first request, when nothing is added any more."""
        return ShortWay(self)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Make what matches and builds addresses; where the rule is known there is nothing to match."""
        return None if request is None or request.url_rule is not None else super().create_url_adapter(request)

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer a request."""
        return retry_once(super().dispatch_request)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Take every function as it is: none of ours is a coroutine, and Flask asks again for each hook of each request."""
        return func


def create_app(settings: Settings | None = None, *, clock: Clock = system_clock) -> Flask:
    """Put the provider together on the database that the settings name. Raises: SettingsError."""
    chosen = settings or load_settings()
    chosen.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = Provider("idp", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(configure_engines(chosen))
    app.extensions["idp.settings"] = chosen
    db.init_app(app)
    app.teardown_appcontext_funcs.clear()  # puts away the library's session after each request, which nothing here uses
    with app.app_context():
        writing, reading = db.engine, db.engines["read"]
        elsewhere = db.engines.get("replica")
    prepare_engines(writing, reading, *([elsewhere] if elsewhere else []))
    replica = Replica(elsewhere, timedelta(seconds=chosen.database_replica_lag_seconds)) if elsewhere else None
    secrets = secrets_of(chosen, reading)
    app.extensions["idp.units"] = Units(writing, reading, chosen, secrets, clock, handlers(), replica)
    for init_face in FACES:
        init_face(app)
    metrics.say_version()
    return app


def handlers() -> Handlers:
    """Register what happens above when something happens below."""
    return {
        AccountsDeactivated: (sessions.on_accounts_deactivated, families.on_accounts_deactivated),
        AccountErased: (  # what is found by a row goes before that row
            authorization_erasing.on_account_erased,
            tokens_erasing.on_account_erased,
            authn_erasing.on_account_erased,
        ),
        AccountsLocked: (sessions.on_accounts_locked, families.on_accounts_locked),
        RolesChanged: (families.on_roles_changed,),
        ContractsEnded: (families.on_contracts_ended,),
        ContractGrantsNarrowed: (families.on_contract_grants_narrowed,),
        InvitationEnded: (activations.on_invitation_ended,),
        ClientEnded: (families.on_client_ended,),
        ClientDeleted: (consent.on_client_deleted,),
        ConsentRevoked: (backchannel.on_consent_revoked,),
        PasswordReset: (sessions.on_password_reset, families.on_password_reset),
        SessionsEnded: (families.on_sessions_ended, backchannel.on_sessions_ended),
        JobFinished: (invitations.note_delivery, messaging.note_outcome, backchannel.note_outcome),
    }


EXPIRING: Mapping[str, Delete] = {
    "refusals": refusals.tell_rest,  # before what counted them is old
    "authn": authn_cleaning.delete_expired,
    "directory": lambda work, limit: directory_expiry.delete_expired(work.db, work.now, limit),
    "outbox": lambda work, limit: outbox_store.delete_expired(work.db, work.now, limit),
    "authorization": lambda work, limit: authorization_store.delete_expired(work.db, work.now, limit),
    "devices": lambda work, limit: device_store.delete_expired(work.db, work.now, limit),
    "used ids": lambda work, limit: used_id_store.delete_expired(work.db, work.now, limit),
    "initial tokens": lambda work, limit: initial_token_store.delete_expired(work.db, work.now, limit),
    "tokens": families.delete_expired,
    "keys": rotation.delete_expired,
    "audit": audit.delete_expired,
}


def worker_of(app: Flask) -> Worker:
    """Put the worker together: senders by job kind, and the periodic jobs."""
    units: Units = app.extensions["idp.units"]
    outbound = OutboundClient(units.settings.outbound_allow)
    senders = messaging.senders(units) | {
        "password_reset": ResetSender(units),
        backchannel.KIND: backchannel.LogoutTokenSender(units, ring_of(units), outbound),
        logos.KIND: logos.LogoFetcher(units),
    }
    periodic = (*PERIODIC, REPLICA_BEAT) if units.settings.database_replica_url.get_secret_value() else PERIODIC
    return Worker(units, senders, periodic, OBSERVERS)


PERIODIC = (
    Periodic("clean", timedelta(minutes=5), lambda units: cleaning.clean(units, EXPIRING)),
    Periodic("rotate keys", timedelta(hours=1), rotation.rotate_if_due),
    Periodic("seal audit log", timedelta(minutes=1), audit.seal),
    Periodic("refresh logos", logos.REFRESHED, logos.refresh),
    Periodic("complete origins", timedelta(days=1), origins.complete),
)

REPLICA_BEAT = Periodic(BEAT, BEAT_EVERY, lambda _units: None)
"""What counts is the row that says when it was started: how old that is at the replica tells how far it is behind."""

OBSERVERS = (rotation.observe, schema.observe)
