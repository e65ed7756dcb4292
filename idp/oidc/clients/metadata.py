"""Client metadata (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2): the members that we know, as one typed document.

What we do not know is ignored, what we know and do not support is refused. `metadata_checks.py` validates.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from idp.oidc.keys.jose import Algorithm
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.settings import Settings

AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a grant's name
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE, TOKEN_EXCHANGE)
OF_PERSONS = frozenset({AUTHORIZATION_CODE, DEVICE_CODE, TOKEN_EXCHANGE})
"""Grants whose tokens speak for a person."""

BASIC, POST, PRIVATE_KEY_JWT, NONE = "client_secret_basic", "client_secret_post", "private_key_jwt", "none"
AUTH_METHODS = (BASIC, POST, PRIVATE_KEY_JWT, NONE)
PUBLIC, PAIRWISE = "public", "pairwise"
SUBJECT_TYPES = (PUBLIC, PAIRWISE)

FAPI2, STANDARD = "fapi2", "standard"
"""Profiles; the second names that there is none."""
FAPI_ALGORITHMS = (Algorithm.PS256, Algorithm.ES256, Algorithm.ED25519, Algorithm.EDDSA)
"""FAPI 2.0 Security Profile §5.4.1."""
UNSIGNED = "none"
"""`request_object_signing_alg` of a client whose request objects may be unsigned."""


MOST_KEYS = 50
"""So many keys may a client have; each verification may try them all."""
TEN_YEARS = 10 * 366 * 86_400


class Origin(StrEnum):
    """How a client came to be."""

    CLI = "cli"
    CONSOLE = "console"
    CONFIGURATION = "configuration"
    DYNAMIC = "dynamic"


class Metadata(BaseModel):
    """The members that we know, with the specification's defaults, and ours (`require_pkce`, `resources`, `allowed_origins`)."""

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
    subject_type: Literal["public", "pairwise"] = "public"
    sector_identifier_uri: str | None = None
    token_endpoint_auth_method: str = BASIC
    secret_in_header_or_body: bool | None = None
    token_endpoint_auth_signing_alg: Algorithm | None = Field(None, strict=False)
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    id_token_signed_response_alg: Algorithm = Field(Algorithm.RS256, strict=False)
    userinfo_signed_response_alg: Algorithm | None = Field(None, strict=False)
    introspection_signed_response_alg: Algorithm | None = Field(None, strict=False)
    authorization_signed_response_alg: Algorithm | None = Field(None, strict=False)
    request_object_signing_alg: str | None = None
    require_signed_request_object: bool = False
    request_uris: list[str] = Field([], max_length=50)
    default_max_age: int | None = Field(None, ge=0, le=TEN_YEARS)
    default_acr_values: list[str] | None = None
    require_auth_time: bool = False
    initiate_login_uri: str | None = None
    post_logout_redirect_uris: list[str] = Field([], max_length=50)
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    require_pkce: bool | None = None
    authorization_details_types: list[str] = []
    resources: list[str] = []
    allowed_origins: list[str] = Field([], max_length=50)


@dataclass(frozen=True, slots=True)
class Registration:
    """What the checks look at beside the metadata; `profile` is none or `fapi2`."""

    settings: Settings
    origin: Origin
    resource_scopes: frozenset[str]
    resource_identifiers: frozenset[str]
    profile: str | None = None

    @property
    def developers_own(self) -> bool:
        """Whether plain http on the machine itself will do: an operator's client of a provider that runs there too."""
        return self.origin in (Origin.CLI, Origin.CONFIGURATION) and self.settings.issuer_is_http_loopback


class MetadataRefused(OAuthError):
    """A refusal of metadata; `further`: what else stands in the way, as far as it is known."""

    further: tuple["MetadataRefused", ...] = ()


def refused(description: str, error: ErrorCode = ErrorCode.INVALID_CLIENT_METADATA) -> MetadataRefused:
    """Make the refusal; only characters that an error description may hold (RFC 6749 §5.2)."""
    return MetadataRefused(error, re.sub(r'[^\x20-\x7e]|["\\]', "'", description)[:300])
