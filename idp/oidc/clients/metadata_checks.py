"""The one validator of client metadata for every way to register: command line, console, configuration, registration endpoint.

The checks are one ordered table.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from idp.database import storable
from idp.oidc.clients import redirect_uris
from idp.oidc.clients.metadata import (
    AUTH_METHODS,
    AUTHORIZATION_CODE,
    BASIC,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    FAPI2,
    FAPI_ALGORITHMS,
    GRANT_TYPES,
    MOST_KEYS,
    NONE,
    OF_PERSONS,
    PAIRWISE,
    POST,
    PRIVATE_KEY_JWT,
    REFRESH_TOKEN,
    TOKEN_EXCHANGE,
    UNSIGNED,
    Metadata,
    MetadataRefused,
    Origin,
    Registration,
    refused,
)
from idp.oidc.clients.scopes import MACHINE_SCOPES, PERSON_SCOPES
from idp.oidc.keys.jose import Algorithm, BadKey, load_public_keys
from idp.oidc.protocol import AUTHORIZATION_DETAILS_TYPES, ErrorCode

READABLE = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,200}")
"""No control characters, and none that turn the direction of what stands around them."""
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_NOT_SUPPORTED = (
    "request_object_encryption_alg",
    "userinfo_encrypted_response_alg",
    "id_token_encrypted_response_alg",
    "authorization_encrypted_response_alg",
    "introspection_encrypted_response_alg",
    "tls_client_certificate_bound_access_tokens",
)


def validate(document: Mapping[str, Any], registration: Registration) -> dict[str, Any]:
    """Check a metadata document and give it with its defaults filled in, without members that we do not know.

    Raises: MetadataRefused `invalid_redirect_uri`, `invalid_client_metadata` or `unapproved_software_statement` (RFC 7591 §3.2.2).
    """
    document = {name: value for name, value in document.items() if value is not None}  # null is left out (RFC 7592 §2.2)
    if document.get("software_statement"):
        raise refused("software statements are not accepted here", ErrorCode.UNAPPROVED_SOFTWARE_STATEMENT)
    for member in _NOT_SUPPORTED:
        if document.get(member) not in (None, False, [], ""):
            raise refused(f"{member} is not supported")
    _check_storable({name: value for name, value in document.items() if name in Metadata.model_fields})
    try:
        metadata = Metadata.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise refused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    completed = _completed(metadata, registration)
    _check(completed, registration)
    return completed.model_dump(mode="json", exclude_none=True)


def _check(metadata: Metadata, registration: Registration) -> None:
    """Run all checks. Raises: MetadataRefused for the first thing that no client may have, together with all that the profile refuses."""
    refusals: dict[str, MetadataRefused] = {}
    try:
        for check in CHECKS:
            check(metadata, registration)
    except MetadataRefused as error:
        refusals[_member(error)] = error
    for refusal in _refused_by_profile(metadata, registration.profile):
        refusals.setdefault(_member(refusal), refusal)
    if refusals:
        first, *further = refusals.values()
        first.further = tuple(further)
        raise first


def _member(refusal: MetadataRefused) -> str:
    return refusal.description.partition(":")[0]


def _check_storable(document: Mapping[str, Any]) -> None:
    """Refuse what JSON can say and a database cannot keep: NUL, lone surrogates, numbers that are none."""
    try:
        written = json.dumps(document, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise refused("a number is not one, or the document is too deep") from error
    if not storable(written) or "\\u0000" in written:
        raise refused("a text holds characters that nobody can read")


def _completed(metadata: Metadata, registration: Registration) -> Metadata:
    """Fill in what depends on other members, on the profile, or on the way of registration."""
    values = _of_profile(metadata) if registration.profile == FAPI2 else {}
    coded = AUTHORIZATION_CODE in metadata.grant_types
    trusted = registration.origin is not Origin.DYNAMIC
    chosen = metadata.model_fields_set | set(values)
    if metadata.response_types is None:
        values["response_types"] = ["code"] if coded else []
    if metadata.scope is None:
        values["scope"] = " ".join(PERSON_SCOPES) if OF_PERSONS.intersection(metadata.grant_types) else ""
    if metadata.secret_in_header_or_body is None:
        # nobody chose a method: libraries differ in their default, and the secret is the same in header and body
        values["secret_in_header_or_body"] = trusted and "token_endpoint_auth_method" not in chosen
    if metadata.require_pkce is None:
        values.setdefault("require_pkce", coded and (trusted or metadata.token_endpoint_auth_method == NONE))
    return metadata.model_copy(update=values)


def _of_profile(metadata: Metadata) -> dict[str, Any]:
    """Fill in what FAPI 2.0 leaves no choice about."""
    coded = AUTHORIZATION_CODE in metadata.grant_types
    values: dict[str, Any] = {"require_pushed_authorization_requests": coded, "dpop_bound_access_tokens": True}
    if metadata.require_pkce is None:
        values["require_pkce"] = coded
    if "token_endpoint_auth_method" not in metadata.model_fields_set:
        values["token_endpoint_auth_method"] = PRIVATE_KEY_JWT
    if "id_token_signed_response_alg" not in metadata.model_fields_set:
        values["id_token_signed_response_alg"] = Algorithm.ES256
    return values


def _check_grant_types(metadata: Metadata, _: Registration) -> None:
    unknown = [name for name in metadata.grant_types if name not in GRANT_TYPES]
    if unknown or not metadata.grant_types:
        raise refused(f"grant_types: {' '.join(unknown) or 'none'} is not supported")
    if REFRESH_TOKEN in metadata.grant_types and not {AUTHORIZATION_CODE, DEVICE_CODE}.intersection(metadata.grant_types):
        raise refused("grant_types: refresh_token needs authorization_code or the device grant beside it")


def _check_response_types(metadata: Metadata, _: Registration) -> None:
    wanted = ["code"] if AUTHORIZATION_CODE in metadata.grant_types else []
    if metadata.response_types != wanted:
        raise refused("response_types: only code, with the grant type authorization_code, is supported")


def _check_authentication(metadata: Metadata, _: Registration) -> None:
    method = metadata.token_endpoint_auth_method
    if method not in AUTH_METHODS:
        raise refused(f"token_endpoint_auth_method: {method} is not supported")
    for grant in (CLIENT_CREDENTIALS, TOKEN_EXCHANGE):
        if method == NONE and grant in metadata.grant_types:
            raise refused(f"token_endpoint_auth_method: none cannot have the grant type {grant}")
    if metadata.secret_in_header_or_body and method not in (BASIC, POST):
        raise refused(f"secret_in_header_or_body: {method} has no secret")
    if method == PRIVATE_KEY_JWT and metadata.jwks is None and metadata.jwks_uri is None:
        raise refused("jwks: private_key_jwt needs the client's public keys, by jwks or jwks_uri")


def _check_keys(metadata: Metadata, _: Registration) -> None:
    if metadata.jwks is None:
        return
    if metadata.jwks_uri is not None:
        raise refused("jwks: goes not with jwks_uri")
    try:
        keys = load_public_keys(metadata.jwks)
    except BadKey as error:
        raise refused(str(error)) from error
    if len(metadata.jwks["keys"]) > MOST_KEYS:
        raise refused(f"jwks: more than {MOST_KEYS} keys")
    if not any(key.algorithms for key in keys):
        raise refused("jwks: holds no key for signatures in RS256, PS256, ES256 or Ed25519")


def _check_request_objects(metadata: Metadata, _: Registration) -> None:
    if metadata.request_object_signing_alg not in (None, UNSIGNED, *Algorithm):
        raise refused(f"request_object_signing_alg: {metadata.request_object_signing_alg} is not supported")
    if metadata.request_object_signing_alg == UNSIGNED and metadata.require_signed_request_object:
        raise refused("request_object_signing_alg: none goes not with require_signed_request_object")
    if metadata.require_signed_request_object and metadata.jwks is None and metadata.jwks_uri is None:
        raise refused("require_signed_request_object: needs the client's public keys, by jwks or jwks_uri")


def _check_pkce(metadata: Metadata, _: Registration) -> None:
    coded = AUTHORIZATION_CODE in metadata.grant_types
    if coded and metadata.token_endpoint_auth_method == NONE and not metadata.require_pkce:
        raise refused("require_pkce: a public client cannot do without PKCE")


def _check_redirect_uris(metadata: Metadata, registration: Registration) -> None:
    if AUTHORIZATION_CODE in metadata.grant_types and not metadata.redirect_uris:
        raise refused("redirect_uris: at least one is needed", ErrorCode.INVALID_REDIRECT_URI)
    for uri in metadata.redirect_uris:
        problem = redirect_uris.problem(uri, metadata.application_type, registration.settings, https_only=registration.profile == FAPI2)
        if problem:
            raise refused(f"redirect_uris: {uri} {problem}", ErrorCode.INVALID_REDIRECT_URI)


def _check_addresses(metadata: Metadata, registration: Registration) -> None:
    """All other addresses are https; http loopback only for a developer's own clients."""
    single = (
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "jwks_uri",
        "sector_identifier_uri",
        "initiate_login_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
    )
    named = [(name, getattr(metadata, name)) for name in single]
    named += [("post_logout_redirect_uris", uri) for uri in metadata.post_logout_redirect_uris]
    # a request_uri may end in a fragment, the hash of what it holds (Core §6.2)
    named += [("request_uris", uri.partition("#")[0]) for uri in metadata.request_uris]
    for name, uri in named:
        if uri is not None and not _is_address(uri, registration):
            raise refused(f"{name}: {uri} is not an https address")


def _check_origins(metadata: Metadata, registration: Registration) -> None:
    for origin in metadata.allowed_origins:
        parts = urlsplit(origin) if _is_address(origin, registration) else None
        if parts is None or origin != f"{parts.scheme}://{parts.netloc}".lower():
            raise refused(f"allowed_origins: {origin} is not an origin (https, host in lower case, port, nothing behind it)")


def _check_frontchannel(metadata: Metadata, _: Registration) -> None:
    """Front-Channel Logout 1.0 §2: scheme, host and port are those of a redirect URI."""
    uri = metadata.frontchannel_logout_uri
    if uri is not None and urlsplit(uri)[:2] not in [urlsplit(known)[:2] for known in metadata.redirect_uris]:
        raise refused(f"frontchannel_logout_uri: {uri} is on another origin than the redirect_uris")


def _is_address(uri: str, registration: Registration) -> bool:
    good = redirect_uris.is_plain_address(uri) and "#" not in uri and redirect_uris.has_host(uri)
    own = registration.developers_own and uri.startswith("http://") and redirect_uris.is_loopback(uri)
    return good and (uri.startswith("https://") or own)


def _check_sector(metadata: Metadata, _: Registration) -> None:
    """Core §8.1: without a sector's address the redirect URIs have to name one host."""
    if metadata.sector_identifier_uri and not metadata.redirect_uris:
        raise refused("sector_identifier_uri: needs redirect_uris that stand there")
    if metadata.subject_type != PAIRWISE or metadata.sector_identifier_uri:
        return
    if len({urlsplit(uri).hostname for uri in metadata.redirect_uris}) > 1:
        raise refused("sector_identifier_uri: is needed by a pairwise client whose redirect_uris have several hosts")


def _check_scopes(metadata: Metadata, registration: Registration) -> None:
    for scope in (metadata.scope or "").split():
        known = scope in PERSON_SCOPES or scope in MACHINE_SCOPES or scope in registration.resource_scopes
        if not known or not _SCOPE_TOKEN.fullmatch(scope):
            raise refused(f"scope: {scope} is not known")
        if scope in registration.resource_scopes and _asks_unapproved(metadata, registration):
            raise refused(f"scope: {scope} cannot be had by client_credentials unless the operator registers the client")
        if scope in MACHINE_SCOPES and (registration.origin is Origin.DYNAMIC or CLIENT_CREDENTIALS not in metadata.grant_types):
            raise refused(f"scope: {scope} is for clients with client_credentials that the operator registers")


def _check_resources(metadata: Metadata, registration: Registration) -> None:
    unknown = set(metadata.resources) - registration.resource_identifiers
    if unknown:
        raise refused(f"resources: {' '.join(sorted(unknown))} is not registered")
    if metadata.resources and _asks_unapproved(metadata, registration):
        raise refused("resources: cannot be had by client_credentials unless the operator registers the client")


def _asks_unapproved(metadata: Metadata, registration: Registration) -> bool:
    """Tell whether neither a person nor an operator would agree to what a client asks for in its own right."""
    return registration.origin is Origin.DYNAMIC and CLIENT_CREDENTIALS in metadata.grant_types


def _check_authorization_details_types(metadata: Metadata, _: Registration) -> None:
    unknown = set(metadata.authorization_details_types) - set(AUTHORIZATION_DETAILS_TYPES)
    if unknown:
        raise refused(f"authorization_details_types: {' '.join(sorted(unknown))} is not known")


def _check_texts(metadata: Metadata, _: Registration) -> None:
    texts = [metadata.client_name, metadata.software_id, metadata.software_version, *(metadata.contacts or [])]
    if any(value is not None and not READABLE.fullmatch(value) for value in texts):
        raise refused("client_name, contacts, software_id, software_version: 1 to 200 characters, no control characters")


def _refused_by_profile(metadata: Metadata, profile: str | None) -> Iterator[MetadataRefused]:
    """FAPI 2.0 Security Profile §5.3.2, §5.4: one way to authenticate, strong algorithms (https redirects: `_check_redirect_uris`).

    Each refusal looks at plain members alone, so that it holds whatever else was refused.
    """
    if profile is None:
        return
    if profile != FAPI2:
        yield refused(f"profile: {profile} is not known")
        return
    if metadata.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        yield refused("token_endpoint_auth_method: fapi2 needs private_key_jwt")
    if metadata.jwks is None and metadata.jwks_uri is None:
        yield refused("jwks: fapi2 needs the client's public keys, by jwks or jwks_uri")
    if AUTHORIZATION_CODE in metadata.grant_types and not metadata.require_pkce:
        yield refused("require_pkce: fapi2 cannot do without PKCE")
    if DEVICE_CODE in metadata.grant_types:
        yield refused("grant_types: fapi2 has no device grant")
    if metadata.request_object_signing_alg == UNSIGNED:
        yield refused("request_object_signing_alg: fapi2 needs signed request objects")
    for name in _ALGORITHMS:
        if getattr(metadata, name) not in (None, *FAPI_ALGORITHMS):
            yield refused(f"{name}: fapi2 needs PS256, ES256 or Ed25519")


_ALGORITHMS = (
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "introspection_signed_response_alg",
    "authorization_signed_response_alg",
    "request_object_signing_alg",
    "token_endpoint_auth_signing_alg",
)
CHECKS: Sequence[Callable[[Metadata, Registration], None]] = (
    _check_grant_types,
    _check_response_types,
    _check_authentication,
    _check_keys,
    _check_request_objects,
    _check_pkce,
    _check_redirect_uris,
    _check_addresses,
    _check_frontchannel,
    _check_origins,
    _check_sector,
    _check_scopes,
    _check_resources,
    _check_authorization_details_types,
    _check_texts,
)
