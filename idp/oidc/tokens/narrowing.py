"""What one token request asks for of its grant: by `scope`, `authorization_details` and `resource`; never more than was granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from idp.oidc.clients.clients import Client
from idp.oidc.clients.resources import check_allowed
from idp.oidc.clients.scopes import OPENID
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import authorization_details
from idp.oidc.tokens.authorization_details import Details
from idp.oidc.tokens.grants import Grant
from idp.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """The narrowing parameters of a token request (None: all that was granted), and the key that it has proven (RFC 9449)."""

    scopes: tuple[str, ...] | None = None
    details: Details | None = None
    resources: tuple[str, ...] = ()
    dpop_jkt: str | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What one access token is good for; with `dpop_jkt`, in the hands of that key's holder only.

    `resources`: those whose token format decides about the token's (RFC 8707); none: it is for ourselves, and signed.
    """

    scopes: tuple[str, ...]
    details: Details
    audience: tuple[str, ...]
    dpop_jkt: str | None = None
    resources: tuple[str, ...] = ()


def read(client: Client, form: Mapping[str, str], resources: Sequence[str], dpop_jkt: str | None = None) -> Asked:
    """Read the parameters. Raises: OAuthError `invalid_authorization_details`."""
    scope, details = form.get("scope"), form.get("authorization_details")
    return Asked(
        tuple(dict.fromkeys(scope.split())) if scope else None,
        authorization_details.parse(client, details) if details else None,
        tuple(dict.fromkeys(resources)),
        dpop_jkt,
    )


def narrow(grant: Grant, client: Client, settings: Settings, asked: Asked) -> Narrowed:
    """Narrow a grant to what is asked for.

    Raises: OAuthError `invalid_scope` (RFC 6749 §6), `invalid_authorization_details` (RFC 9396 §6), `invalid_target` (RFC 8707 §2.2).
    """
    scopes = grant.scopes
    if asked.scopes is not None:
        if not set(grant.scopes).issuperset(asked.scopes):
            raise OAuthError(ErrorCode.INVALID_SCOPE, "the scope asks for more than was granted")
        scopes = asked.scopes
    details = grant.authorization_details
    if asked.details is not None:
        details = authorization_details.narrow(details, asked.details)
    audience = _audience(grant, client, settings, asked, scopes)
    resources = tuple(name for name in audience if name != settings.issuer_address)
    return Narrowed(scopes, details, audience, asked.dpop_jkt, resources)


def _audience(grant: Grant, client: Client, settings: Settings, asked: Asked, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Name whom the token is for: what is asked for alone; else what was granted, the client's default, or ourselves.

    With `openid` our own UserInfo is an audience in any case, unless the request names others.
    """
    issuer = settings.issuer_address
    if asked.resources:
        check_allowed(client, settings, asked.resources)
        if grant.resources and not {issuer, *grant.resources}.issuperset(asked.resources):
            raise OAuthError(ErrorCode.INVALID_TARGET, "the resource was not granted")
        return asked.resources
    named = grant.resources or ((client.default_resource,) if client.default_resource else (issuer,))
    return named if OPENID not in scopes or issuer in named else (*named, issuer)
