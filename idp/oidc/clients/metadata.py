"""Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2): the one validator for every way to register.

What we do not know is ignored, what we know and do not support is refused. The checks are one ordered table.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idp.oidc.clients import redirect_uris
from idp.oidc.clients.scopes import MACHINE_SCOPES, PERSON_SCOPES
from idp.oidc.keys.jose import Algorithm, BadKey, load_public_keys
from idp.oidc.protocol import AUTHORIZATION_DETAILS_TYPES, ErrorCode, OAuthError
from idp.settings import Settings

AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS)
BASIC, POST, PRIVATE_KEY_JWT, NONE = "client_secret_basic", "client_secret_post", "private_key_jwt", "none"
AUTH_METHODS = (BASIC, POST, PRIVATE_KEY_JWT, NONE)

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_NOT_SUPPORTED = (
    "jwks_uri",
    "sector_identifier_uri",
    "request_uris",
    "software_statement",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
    "dpop_bound_access_tokens",
    "require_signed_request_object",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "id_token_encrypted_response_alg",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "tls_client_certificate_bound_access_tokens",
)


class Origin(StrEnum):
    """How a client came to be."""

    CLI = "cli"
    CONSOLE = "console"
    CONFIGURATION = "configuration"
    DYNAMIC = "dynamic"


class Metadata(BaseModel):
    """The members that we know, with the specification's defaults, and ours (`require_pkce`, `resources`)."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    redirect_uris: list[str] = Field([], max_length=50)
    response_types: list[str] | None = None
    grant_types: list[str] = [AUTHORIZATION_CODE]
    application_type: Literal["web", "native"] = "web"
    client_name: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: list[str] | None = None
    software_id: str | None = None
    software_version: str | None = None
    scope: str | None = None
    subject_type: Literal["public"] = "public"
    token_endpoint_auth_method: str = BASIC
    secret_in_header_or_body: bool | None = None
    token_endpoint_auth_signing_alg: Algorithm | None = Field(None, strict=False)
    jwks: dict[str, Any] | None = None
    id_token_signed_response_alg: Algorithm = Field(Algorithm.RS256, strict=False)
    default_max_age: int | None = Field(None, ge=0)
    default_acr_values: list[str] | None = None
    require_auth_time: bool = False
    initiate_login_uri: str | None = None
    post_logout_redirect_uris: list[str] = Field([], max_length=50)
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    require_pushed_authorization_requests: bool = False
    require_pkce: bool | None = None
    authorization_details_types: list[str] = []
    resources: list[str] = []


@dataclass(frozen=True, slots=True)
class Registration:
    """What the checks look at beside the metadata."""

    settings: Settings
    origin: Origin
    resource_scopes: frozenset[str]
    resource_identifiers: frozenset[str]


def validate(document: Mapping[str, Any], registration: Registration) -> dict[str, Any]:
    """Check a metadata document and give it with its defaults filled in, without members that we do not know.

    Raises: OAuthError `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2).
    """
    for member in _NOT_SUPPORTED:
        if document.get(member) not in (None, False, [], ""):
            raise refused(f"{member} is not supported by this version")
    try:
        metadata = Metadata.model_validate(dict(document))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise refused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    completed = _completed(metadata, registration)
    for check in CHECKS:
        check(completed, registration)
    return completed.model_dump(mode="json", exclude_none=True)


def refused(description: str, error: ErrorCode = ErrorCode.INVALID_CLIENT_METADATA) -> OAuthError:
    """Make the refusal; only characters that an error description may hold (RFC 6749 §5.2)."""
    return OAuthError(error, re.sub(r'[^\x20-\x7e]|["\\]', "'", description)[:300])


def _completed(metadata: Metadata, registration: Registration) -> Metadata:
    """Fill in what depends on other members or on the way of registration."""
    coded = AUTHORIZATION_CODE in metadata.grant_types
    trusted = registration.origin is not Origin.DYNAMIC
    values: dict[str, Any] = {}
    if metadata.response_types is None:
        values["response_types"] = ["code"] if coded else []
    if metadata.scope is None:
        values["scope"] = " ".join(PERSON_SCOPES) if coded else ""
    if metadata.secret_in_header_or_body is None:
        # nobody chose a method: libraries differ in their default, and the secret is the same in header and body
        values["secret_in_header_or_body"] = trusted and "token_endpoint_auth_method" not in metadata.model_fields_set
    if metadata.require_pkce is None:
        values["require_pkce"] = coded and (trusted or metadata.token_endpoint_auth_method == NONE)
    return metadata.model_copy(update=values)


def _check_grant_types(metadata: Metadata, _: Registration) -> None:
    unknown = [name for name in metadata.grant_types if name not in GRANT_TYPES]
    if unknown or not metadata.grant_types:
        raise refused(f"grant_types: {' '.join(unknown) or 'none'} is not supported")
    if REFRESH_TOKEN in metadata.grant_types and AUTHORIZATION_CODE not in metadata.grant_types:
        raise refused("grant_types: refresh_token needs authorization_code beside it")


def _check_response_types(metadata: Metadata, _: Registration) -> None:
    wanted = ["code"] if AUTHORIZATION_CODE in metadata.grant_types else []
    if metadata.response_types != wanted:
        raise refused("response_types: only code, with the grant type authorization_code, is supported")


def _check_authentication(metadata: Metadata, _: Registration) -> None:
    method = metadata.token_endpoint_auth_method
    if method not in AUTH_METHODS:
        raise refused(f"token_endpoint_auth_method: {method} is not supported")
    if method == NONE and CLIENT_CREDENTIALS in metadata.grant_types:
        raise refused("token_endpoint_auth_method: none cannot have the grant type client_credentials")
    if metadata.secret_in_header_or_body and method not in (BASIC, POST):
        raise refused(f"secret_in_header_or_body: {method} has no secret")
    if method == PRIVATE_KEY_JWT and metadata.jwks is None:
        raise refused("jwks: private_key_jwt needs the client's public keys")


def _check_keys(metadata: Metadata, _: Registration) -> None:
    if metadata.jwks is None:
        return
    try:
        keys = load_public_keys(metadata.jwks)
    except BadKey as error:
        raise refused(str(error)) from error
    if not any(key.algorithms for key in keys):
        raise refused("jwks: holds no key for signatures in RS256, PS256, ES256 or Ed25519")


def _check_pkce(metadata: Metadata, _: Registration) -> None:
    if metadata.token_endpoint_auth_method == NONE and not metadata.require_pkce:
        raise refused("require_pkce: a public client cannot do without PKCE")


def _check_redirect_uris(metadata: Metadata, registration: Registration) -> None:
    if AUTHORIZATION_CODE in metadata.grant_types and not metadata.redirect_uris:
        raise refused("redirect_uris: at least one is needed", ErrorCode.INVALID_REDIRECT_URI)
    for uri in metadata.redirect_uris:
        problem = redirect_uris.problem(uri, metadata.application_type, registration.settings)
        if problem:
            raise refused(f"redirect_uris: {uri} {problem}", ErrorCode.INVALID_REDIRECT_URI)


def _check_addresses(metadata: Metadata, registration: Registration) -> None:
    """All other addresses are https; http loopback only for a developer's own clients."""
    own = registration.origin in (Origin.CLI, Origin.CONFIGURATION) and registration.settings.issuer_is_http_loopback
    single = ("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "backchannel_logout_uri")
    named = [(name, getattr(metadata, name)) for name in single]
    named += [("post_logout_redirect_uris", uri) for uri in metadata.post_logout_redirect_uris]
    for name, uri in named:
        if uri is None:
            continue
        good = redirect_uris.is_plain_address(uri) and "#" not in uri and redirect_uris.has_host(uri)
        secure = uri.startswith("https://") or (own and uri.startswith("http://") and redirect_uris.is_loopback(uri))
        if not (good and secure):
            raise refused(f"{name}: {uri} is not an https address")


def _check_scopes(metadata: Metadata, registration: Registration) -> None:
    for scope in (metadata.scope or "").split():
        known = scope in PERSON_SCOPES or scope in MACHINE_SCOPES or scope in registration.resource_scopes
        if not known or not _SCOPE_TOKEN.fullmatch(scope):
            raise refused(f"scope: {scope} is not known")
        if scope in MACHINE_SCOPES and (registration.origin is Origin.DYNAMIC or CLIENT_CREDENTIALS not in metadata.grant_types):
            raise refused(f"scope: {scope} is for clients with client_credentials that the operator registers")


def _check_resources(metadata: Metadata, registration: Registration) -> None:
    unknown = set(metadata.resources) - registration.resource_identifiers
    if unknown:
        raise refused(f"resources: {' '.join(sorted(unknown))} is not registered")


def _check_authorization_details_types(metadata: Metadata, _: Registration) -> None:
    unknown = set(metadata.authorization_details_types) - set(AUTHORIZATION_DETAILS_TYPES)
    if unknown:
        raise refused(f"authorization_details_types: {' '.join(sorted(unknown))} is not known")


def _check_texts(metadata: Metadata, _: Registration) -> None:
    texts = [metadata.client_name, metadata.software_id, metadata.software_version, *(metadata.contacts or [])]
    if any(value is not None and not _NAME.fullmatch(value) for value in texts):
        raise refused("client_name, contacts, software_id, software_version: 1 to 200 characters, no control characters")


CHECKS: Sequence[Callable[[Metadata, Registration], None]] = (
    _check_grant_types,
    _check_response_types,
    _check_authentication,
    _check_keys,
    _check_pkce,
    _check_redirect_uris,
    _check_addresses,
    _check_scopes,
    _check_resources,
    _check_authorization_details_types,
    _check_texts,
)
