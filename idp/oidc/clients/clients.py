"""Registered clients: finding, registering, changing, deleting them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from idp import audit
from idp.audit import Event
from idp.crypto import hash_token
from idp.errors import Conflict, InvalidField, NotFound
from idp.identifiers import ClientId, new_id, new_token
from idp.oidc.clients import logos, origins
from idp.oidc.clients.events import ClientDeleted, ClientEnded
from idp.oidc.clients.metadata import BASIC, FAPI2, NONE, POST, STANDARD, UNSIGNED, Origin, Registration, refused
from idp.oidc.clients.metadata_checks import validate
from idp.oidc.clients.store import clients as store
from idp.oidc.clients.store import origins as origin_store
from idp.oidc.clients.store import resources as resource_store
from idp.oidc.clients.store import secrets as secret_store
from idp.oidc.keys.jose import Algorithm
from idp.texts import text
from idp.unit_of_work import UnitOfWork

_CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")


@dataclass(frozen=True, slots=True)
class Client:
    """A relying party, by its registered metadata (names as in RFC 7591 where they are longer than ours)."""

    id: ClientId
    name: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool
    frontchannel_logout_uri: str | None
    frontchannel_logout_session_required: bool
    initiate_login_uri: str | None
    grant_types: tuple[str, ...]
    response_types: tuple[str, ...]
    scopes: frozenset[str]
    auth_method: str
    secret_in_header_or_body: bool
    auth_signing_alg: str | None
    id_token_alg: Algorithm
    userinfo_alg: Algorithm | None
    introspection_alg: Algorithm | None
    authorization_alg: Algorithm | None
    request_object_alg: str | None
    require_signed_request_object: bool
    request_uris: tuple[str, ...]
    require_pkce: bool
    require_par: bool
    dpop_bound: bool
    first_party: bool
    profile: str | None
    application_type: str
    subject_type: str
    sector_identifier_uri: str | None
    resources: tuple[str, ...]
    authorization_details_types: tuple[str, ...]
    default_max_age: int | None
    default_acr_values: tuple[str, ...]
    client_uri: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    origin: Origin
    last_used_at: datetime | None
    metadata: Mapping[str, Any]

    @property
    def default_resource(self) -> str | None:
        """The audience of tokens for which no resource is named (RFC 8707 §2): the first registered one."""
        return self.resources[0] if self.resources else None

    @property
    def auth_methods(self) -> tuple[str, ...]:
        """The methods of authentication that it may use: the registered one, or both with a secret when none was chosen."""
        return (BASIC, POST) if self.secret_in_header_or_body else (self.auth_method,)

    @property
    def is_public(self) -> bool:
        """Whether it cannot keep a secret."""
        return self.auth_method == NONE

    @property
    def is_fapi(self) -> bool:
        """Whether it keeps to FAPI 2.0."""
        return self.profile == FAPI2

    @property
    def may_send_unsigned_requests(self) -> bool:
        """Whether its request objects need no signature."""
        return self.request_object_alg == UNSIGNED

    @property
    def signs_answers_with(self) -> Algorithm:
        """The algorithm of signed authorization answers (JARM §3: RS256 unless registered otherwise)."""
        return self.authorization_alg or (self.id_token_alg if self.is_fapi else Algorithm.RS256)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new client; `secret` is told this once."""

    client: Client
    secret: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client as operators see it."""

    client: Client
    created_at: datetime
    changed_at: datetime
    disabled_at: datetime | None


class ClientIdTaken(Conflict):
    """A client with this id is registered."""

    code = "client_id_taken"
    message = text("A client with this id exists already.")


class ChangedMeanwhile(Conflict):
    """Somebody else has changed the client since the page was opened."""

    code = "client_changed_meanwhile"
    message = text("This app has been changed in the meantime. Please open the page again and make your change once more.")


class ClientUnknown(NotFound):
    """There is no client with this id."""

    code = "client_unknown"


def find(work: UnitOfWork, client_id: str) -> Client | None:
    """Give an enabled client."""
    row = store.find(work.db, client_id)
    return None if row is None or row["disabled_at"] else _client(row)


def find_with_secret(work: UnitOfWork, client_id: str, secret: str) -> tuple[Client | None, bool]:
    """Give an enabled client, and whether a secret is one of its."""
    row = store.find_with_secret(work.db, client_id, hash_token(secret), work.now)
    return (None, False) if row is None or row["disabled_at"] else (_client(row), row["secret_is_valid"])


def find_several(work: UnitOfWork, client_ids: Iterable[ClientId]) -> dict[ClientId, Client]:
    """Give those of these clients that are enabled, by their ids."""
    return {ClientId(row["id"]): _client(row) for row in store.find_several(work.db, sorted(set(client_ids)))}


def record(work: UnitOfWork, client_id: str) -> ClientRecord:
    """Give a client, enabled or not. Raises: ClientUnknown."""
    row = store.find(work.db, client_id)
    if row is None:
        raise ClientUnknown(f"no client {client_id}")
    return record_of(row)


def list_all(work: UnitOfWork, *, after: str = "", limit: int = 1000) -> list[ClientRecord]:
    """List clients by id, from the one after `after`."""
    return [record_of(row) for row in store.list_all(work.db, after, limit)]


def check(work: UnitOfWork, metadata: Mapping[str, Any], origin: Origin, profile: str | None = None) -> dict[str, Any]:
    """Check metadata as `register` and `change` will, without changing anything; give it whole. Raises: see metadata_checks.validate."""
    return validate(metadata, _registration(work, origin, _profile(profile)))


def register(
    work: UnitOfWork,
    metadata: Mapping[str, Any],
    *,
    client_id: str | None = None,
    secret: str | None = None,
    first_party: bool = False,
    profile: str | None = None,
    origin: Origin = Origin.CLI,
) -> Registered:
    """Register a client; id and secret are made unless given.

    Raises: OAuthError (see metadata_checks.validate), ClientIdTaken, InvalidField for an impossible id.
    """
    if client_id is not None and not _CLIENT_ID.fullmatch(client_id):
        raise InvalidField("client_id", text("Use 1 to 128 letters, digits and . _ ~ -"))
    chosen = ClientId(client_id or new_id())
    profile = _profile(profile)
    document = validate(metadata, _registration(work, origin, profile, hold=True))
    document.setdefault("client_name", chosen)
    row = {
        "id": chosen,
        "name": document["client_name"],
        "metadata_document": document,
        "first_party": first_party,
        "profile": profile,
        "origin": origin.value,
        "created_at": work.now,
        "changed_at": work.now,
        "disabled_at": None,
    }
    if not store.add(work.db, row):
        raise ClientIdTaken(f"a client {chosen} exists already")
    origin_store.replace(work.db, chosen, origins.of(document))
    logos.follow(work, chosen, None, document.get("logo_uri"))
    given = None
    if document["token_endpoint_auth_method"] in (BASIC, POST):
        given = secret or new_token()
        secret_store.add(work.db, chosen, hash_token(given), work.now)
    audit.record(work, Event.CLIENT_CREATED, client=chosen, origin=origin.value, first_party=first_party)
    return Registered(_client_of(row), given, work.now)


def change(
    work: UnitOfWork,
    client_id: str,
    changes: Mapping[str, Any],
    *,
    first_party: bool | None = None,
    profile: str | None = None,
    seen: datetime | None = None,
) -> Client:
    """Replace the named members of a client's metadata (None removes one); the whole is checked anew.

    `profile`: another one; `standard` ends it. `seen`: only if nobody has changed it since.

    Raises: ClientUnknown, ChangedMeanwhile, OAuthError (see metadata_checks.validate).
    """
    row = store.find_to_change(work.db, client_id)
    if row is None:
        raise ClientUnknown(f"no client {client_id}")
    if seen is not None and row["changed_at"] != seen:
        raise ChangedMeanwhile(client_id)
    chosen: dict[str, Any] = {"secret_in_header_or_body": None} if "token_endpoint_auth_method" in changes else {}
    if "grant_types" in changes:
        chosen["response_types"] = None  # follow from them
    merged = {name: value for name, value in (row["metadata_document"] | chosen | dict(changes)).items() if value is not None}
    kept = _profile(profile or row["profile"])
    document = validate(merged, _registration(work, Origin(row["origin"]), kept, hold=True))
    document.setdefault("client_name", client_id)
    values = {
        "name": document["client_name"],
        "metadata_document": document,
        "first_party": row["first_party"] if first_party is None else first_party,
        "profile": kept,
        "changed_at": work.now,
    }
    store.change(work.db, client_id, values)
    origin_store.replace(work.db, client_id, origins.of(document))
    logos.follow(work, client_id, row["metadata_document"].get("logo_uri"), document.get("logo_uri"))
    switched = {} if kept == row["profile"] else {"profile": kept or STANDARD}
    audit.record(work, Event.CLIENT_CHANGED, client=client_id, members=sorted(changes), **switched)
    return _client_of({**row, **values})


def secrets_made_at(work: UnitOfWork, client_id: str) -> list[datetime]:
    """Tell when the secrets of a client that count were made, the newest first."""
    return secret_store.made_at(work.db, client_id)


def end_old_secrets(work: UnitOfWork, client_id: str) -> None:
    """End all secrets of a client but the newest. Raises: ClientUnknown."""
    if store.find_to_change(work.db, client_id) is None:
        raise ClientUnknown(f"no client {client_id}")
    secret_store.keep_newest(work.db, client_id, 1)
    audit.record(work, Event.CLIENT_CHANGED, client=client_id, members=["client_secret"], old_ended=True)


def renew_secret(
    work: UnitOfWork, client_id: str, *, secret: str | None = None, end_old: bool = False, seen: datetime | None = None
) -> str:
    """Give a client a further secret; the one before stays valid beside it (unless `end_old`), older ones end.

    `seen`: only if no newer secret was made since that one.

    Raises: ClientUnknown, ChangedMeanwhile, OAuthError for a client without secret.
    """
    row = store.find_to_change(work.db, client_id)
    if row is None:
        raise ClientUnknown(f"no client {client_id}")
    if row["metadata_document"]["token_endpoint_auth_method"] not in (BASIC, POST):
        raise refused("this client authenticates without a secret")
    if seen is not None and secret_store.made_at(work.db, client_id)[:1] != [seen]:
        raise ChangedMeanwhile(client_id)
    made = secret or new_token()
    secret_store.keep_newest(work.db, client_id, 0 if end_old else 1)
    secret_store.add(work.db, client_id, hash_token(made), work.now)
    audit.record(work, Event.CLIENT_CHANGED, client=client_id, members=["client_secret"])
    return made


def enable(work: UnitOfWork, client_id: str, *, enabled: bool) -> None:
    """Switch a client on or off; off ends its tokens. Raises: ClientUnknown."""
    row = store.find_to_change(work.db, client_id)
    if row is None:
        raise ClientUnknown(f"no client {client_id}")
    store.change(work.db, client_id, {"disabled_at": None if enabled else work.now, "changed_at": work.now})
    if not enabled:
        work.emit(ClientEnded(ClientId(client_id)))
    audit.record(work, Event.CLIENT_CHANGED, client=client_id, enabled=enabled)


def delete(work: UnitOfWork, client_id: str) -> None:
    """Delete a client and its secrets; its tokens end. Raises: ClientUnknown."""
    if not store.remove(work.db, client_id):
        raise ClientUnknown(f"no client {client_id}")
    resource_store.end_introspection(work.db, client_id)  # another client may get this id
    work.emit(ClientEnded(ClientId(client_id)))
    work.emit(ClientDeleted(ClientId(client_id)))
    audit.record(work, Event.CLIENT_DELETED, client=client_id)


def _profile(named: str | None) -> str | None:
    return None if named == STANDARD else named


def _registration(work: UnitOfWork, origin: Origin, profile: str | None, *, hold: bool = False) -> Registration:
    """Give what metadata are checked against; `hold` where they are written: no resource that they name goes meanwhile."""
    rows = resource_store.list_all(work.db, hold=hold)
    scopes = frozenset(scope for row in rows for scope in row["scopes"])
    # what has no scopes stands on no consent page, so nobody would agree to it
    known = frozenset(row["identifier"] for row in rows if row["scopes"] or origin is not Origin.DYNAMIC)
    return Registration(work.settings, origin, scopes, known, profile)


def record_of(row: RowMapping) -> ClientRecord:
    """Give a row of the store as operators see it."""
    return ClientRecord(_client(row), row["created_at"], row["changed_at"], row["disabled_at"])


def _client(row: RowMapping) -> Client:
    return _client_of(row)


def _client_of(row: Mapping[Any, Any]) -> Client:
    data = row["metadata_document"]
    return Client(
        id=ClientId(row["id"]),
        name=row["name"],
        redirect_uris=tuple(data["redirect_uris"]),
        post_logout_redirect_uris=tuple(data["post_logout_redirect_uris"]),
        backchannel_logout_uri=data.get("backchannel_logout_uri"),
        backchannel_logout_session_required=data["backchannel_logout_session_required"],
        frontchannel_logout_uri=data.get("frontchannel_logout_uri"),
        frontchannel_logout_session_required=data.get("frontchannel_logout_session_required", False),
        initiate_login_uri=data.get("initiate_login_uri"),
        grant_types=tuple(data["grant_types"]),
        response_types=tuple(data["response_types"]),
        scopes=frozenset(data["scope"].split()),
        auth_method=data["token_endpoint_auth_method"],
        secret_in_header_or_body=data["secret_in_header_or_body"],
        auth_signing_alg=data.get("token_endpoint_auth_signing_alg"),
        id_token_alg=Algorithm(data["id_token_signed_response_alg"]),
        userinfo_alg=_algorithm(data, "userinfo_signed_response_alg"),
        introspection_alg=_algorithm(data, "introspection_signed_response_alg"),
        authorization_alg=_algorithm(data, "authorization_signed_response_alg"),
        request_object_alg=data.get("request_object_signing_alg"),
        require_signed_request_object=data.get("require_signed_request_object", False),
        request_uris=tuple(data.get("request_uris", ())),
        require_pkce=data["require_pkce"],
        require_par=data["require_pushed_authorization_requests"],
        dpop_bound=data.get("dpop_bound_access_tokens", False),
        first_party=row["first_party"],
        profile=row["profile"],
        application_type=data["application_type"],
        subject_type=data["subject_type"],
        sector_identifier_uri=data.get("sector_identifier_uri"),
        resources=tuple(data["resources"]),
        authorization_details_types=tuple(data["authorization_details_types"]),
        default_max_age=data.get("default_max_age"),
        default_acr_values=tuple(data.get("default_acr_values", ())),
        client_uri=data.get("client_uri"),
        logo_uri=data.get("logo_uri"),
        policy_uri=data.get("policy_uri"),
        tos_uri=data.get("tos_uri"),
        origin=Origin(row["origin"]),
        last_used_at=row.get("last_used_at"),
        metadata=data,
    )


def _algorithm(data: Mapping[str, Any], member: str) -> Algorithm | None:
    return Algorithm(data[member]) if member in data else None
