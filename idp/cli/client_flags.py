"""The flags that describe a client, and the metadata that they stand for; used by `client.py`."""

import json
from collections.abc import Callable, Mapping
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import click

from idp.oidc.clients.metadata import AUTH_METHODS, AUTHORIZATION_CODE, NONE, PRIVATE_KEY_JWT, REFRESH_TOKEN, SUBJECT_TYPES
from idp.oidc.clients.redirect_uris import NATIVE, is_loopback
from idp.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])

_REPEATABLE = {
    "--redirect-uri": ("redirect_uris", "Where answers go (several allowed)."),
    "--post-logout-redirect-uri": ("post_logout_redirect_uris", "Where a logout may lead (several allowed)."),
    "--grant": ("grant_types", "Grant type (several allowed)."),
    "--scope": ("scope", "Scope that may be asked for (several allowed)."),
    "--resource": ("resources", "Resource that tokens may be for; the first is the default (several allowed)."),
    "--allowed-origin": ("allowed_origins", "Origin whose scripts may call us, for browser apps (several allowed)."),
    "--request-uri": ("request_uris", "Where its request objects may be (several allowed)."),
    "--authorization-details-type": ("authorization_details_types", "Type of authorization details (several allowed)."),
}
_SINGLE = {
    "--name": ("client_name", "Name shown to people."),
    "--backchannel-logout-uri": ("backchannel_logout_uri", "Where ended sessions are told."),
    "--frontchannel-logout-uri": ("frontchannel_logout_uri", "Page that a logout loads in a frame, to end the app's session."),
    "--initiate-login-uri": ("initiate_login_uri", "Where a sign-in can be started by others (Core §4)."),
    "--jwks-uri": ("jwks_uri", "Where it publishes its public keys; implies private_key_jwt."),
    "--sector-identifier-uri": ("sector_identifier_uri", "Document that lists the redirect URIs of a sector (Core §8.1)."),
    "--logo-uri": ("logo_uri", "Its picture: PNG, JPEG, GIF or WebP."),
    "--policy-uri": ("policy_uri", "Its privacy notice, shown to people."),
    "--tos-uri": ("tos_uri", "Its terms of use, shown to people."),
    "--userinfo-alg": ("userinfo_signed_response_alg", "How its UserInfo answers are signed; JSON unless given."),
    "--signing-alg": ("id_token_signed_response_alg", "RS256, ES256, PS256, Ed25519 or EdDSA."),
    "--request-object-alg": ("request_object_signing_alg", "How its request objects are signed, or none."),
}
_DEFAULT_GRANTS = [AUTHORIZATION_CODE, REFRESH_TOKEN]


def options(function: Function) -> Function:
    """Give a command the flags; each comes as the metadata member that it stands for."""
    made = [click.option(flag, name, multiple=True, help=words) for flag, (name, words) in _REPEATABLE.items()]
    made += [click.option(flag, name, help=words) for flag, (name, words) in _SINGLE.items()]
    made += [
        click.option("--auth-method", "token_endpoint_auth_method", type=click.Choice(AUTH_METHODS), help="How it authenticates."),
        click.option("--subject-type", type=click.Choice(SUBJECT_TYPES), help="pairwise: it knows people by names of its own."),
        click.option("--public", is_flag=True, help="It cannot keep a secret; the same as --auth-method none."),
        click.option("--jwks", type=click.File(encoding="utf-8"), help="File with its public keys; implies private_key_jwt."),
        click.option("--first-party/--third-party", "first_party", default=None, help="Ours: people are not asked for consent."),
        click.option("--require-pkce/--no-require-pkce", "require_pkce", default=None, help="Required unless switched off."),
        click.option("--require-par/--no-require-par", "require_par", default=None, help="Only pushed requests are accepted."),
        click.option("--dpop", is_flag=True, help="Its tokens are bound to its key (RFC 9449)."),
    ]
    for option in reversed(made):
        function = option(function)
    return function


def given(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the flags that were used into metadata members. Raises: click.UsageError where two contradict."""
    metadata: dict[str, Any] = {name: list(flags[name]) for name, _ in _REPEATABLE.values() if flags[name]}
    metadata |= {name: flags[name] for name, _ in _SINGLE.values() if flags[name] is not None}
    if "scope" in metadata:
        metadata["scope"] = " ".join(metadata["scope"])
    if flags["subject_type"]:
        metadata["subject_type"] = flags["subject_type"]
    method = _auth_method(flags)
    if method:
        metadata["token_endpoint_auth_method"] = method
    if flags["jwks"]:
        metadata["jwks"] = _key_set(flags["jwks"])
    if flags["require_pkce"] is not None:
        metadata["require_pkce"] = flags["require_pkce"]
    if flags["require_par"] is not None:
        metadata["require_pushed_authorization_requests"] = flags["require_par"]
    if flags["dpop"]:
        metadata["dpop_bound_access_tokens"] = True
    return metadata


def changed(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Let keys by one way take the place of keys by the other."""
    changes = dict(metadata)
    for one, other in (("jwks", "jwks_uri"), ("jwks_uri", "jwks")):
        if changes.get(one) is not None:
            changes.setdefault(other, None)
    return changes


def new_client(metadata: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Fill in what a new client has unless its flags say otherwise."""
    described = {"grant_types": _DEFAULT_GRANTS} | dict(metadata)
    if any(_only_native(uri, settings) for uri in described.get("redirect_uris", ())):
        described["application_type"] = NATIVE
    return described


def _auth_method(flags: Mapping[str, Any]) -> str | None:
    named = {flags["token_endpoint_auth_method"]} - {None}
    if flags["public"]:
        named.add(NONE)
    if flags["jwks"] or flags["jwks_uri"]:
        named.add(PRIVATE_KEY_JWT)
    if len(named) > 1 or (flags["jwks"] and flags["jwks_uri"]):
        raise click.UsageError("--auth-method, --public, --jwks and --jwks-uri contradict each other")
    return next(iter(named), None)


def _key_set(file: IO[str]) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"no JSON document: {error}", param_hint="--jwks") from error


def _only_native(uri: str, settings: Settings) -> bool:
    """Tell whether only an installed application can have this redirect URI."""
    scheme = urlsplit(uri).scheme.lower()
    return scheme not in ("http", "https") or (scheme == "http" and is_loopback(uri) and not settings.issuer_is_http_loopback)
