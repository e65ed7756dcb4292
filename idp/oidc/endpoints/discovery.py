"""What the provider can do, for clients that configure themselves (Discovery 1.0 §3, RFC 8414 §2); one document at both places."""

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint
from werkzeug.wrappers import Response

from idp.authn import levels
from idp.oidc.clients.metadata import AUTH_METHODS, GRANT_TYPES, NONE, SUBJECT_TYPES
from idp.oidc.clients.scopes import MACHINE_SCOPES, PERSON_SCOPES
from idp.oidc.endpoints.documents import ready
from idp.oidc.endpoints.machine import machine_blueprint
from idp.oidc.keys.jose import Algorithm
from idp.oidc.protocol import AUTHORIZATION_DETAILS_TYPES, Path, Prompt, ResponseMode
from idp.oidc.tokens import claims
from idp.settings import Settings

CONFIGURATION = "/.well-known/openid-configuration"
SERVER_METADATA = "/.well-known/oauth-authorization-server"
_MAX_AGE = 300


def metadata(settings: Settings) -> dict[str, Any]:
    """Describe the provider as it is configured."""
    algorithms = [algorithm.value for algorithm in Algorithm]
    confidential = [method for method in AUTH_METHODS if method != NONE]
    return {
        "issuer": settings.issuer_address,
        **_addresses(settings),
        "scopes_supported": [*PERSON_SCOPES, *MACHINE_SCOPES],
        "response_types_supported": ["code"],
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": list(SUBJECT_TYPES),
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": algorithms,
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [levels.ACR_PASSWORD, levels.ACR_MFA],
        "prompt_values_supported": [prompt.value for prompt in Prompt],
        "claims_supported": [*claims.NAMES, "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "ui_locales_supported": ["de", "en"],
        "display_values_supported": ["page"],
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        # `none` is for those who register it, and not listed: whoever registers nothing may use what the list holds (Registration §2)
        "request_object_signing_alg_values_supported": algorithms,
        "authorization_signing_alg_values_supported": algorithms,
        "introspection_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "authorization_details_types_supported": list(AUTHORIZATION_DETAILS_TYPES),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


def _addresses(settings: Settings) -> dict[str, str]:
    return {
        "authorization_endpoint": Path.AUTHORIZATION.below(settings),
        "token_endpoint": Path.TOKEN.below(settings),
        "userinfo_endpoint": Path.USERINFO.below(settings),
        "jwks_uri": Path.JWKS.below(settings),
        "pushed_authorization_request_endpoint": Path.PAR.below(settings),
        "device_authorization_endpoint": Path.DEVICE_AUTHORIZATION.below(settings),
        "introspection_endpoint": Path.INTROSPECTION.below(settings),
        "revocation_endpoint": Path.REVOCATION.below(settings),
        "end_session_endpoint": Path.END_SESSION.below(settings),
        "registration_endpoint": Path.REGISTRATION.below(settings),
    }


def places(settings: Settings) -> set[str]:
    """Name the places of the document."""
    return {CONFIGURATION, SERVER_METADATA, SERVER_METADATA + urlsplit(settings.issuer_address).path}


def discovery_blueprint(settings: Settings) -> Blueprint:
    """Make the view at its places: RFC 8414 §3 puts the well-known part before the issuer's path, Discovery §4 behind it."""
    body = json.dumps(metadata(settings), separators=(",", ":")).encode()
    etag = hashlib.sha256(body).hexdigest()[:32]

    def discovery() -> Response:
        """Publish the metadata."""
        return ready(body, etag, max_age=_MAX_AGE)

    blueprint = machine_blueprint("discovery")
    for place in places(settings):
        blueprint.add_url_rule(place, view_func=discovery)
    return blueprint
