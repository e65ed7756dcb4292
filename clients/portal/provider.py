"""The identity provider as the portal sees it: Authlib's client, plus the checks that Authlib leaves to its caller.

Added to Authlib 1.9: the issuer of the discovery document and of the answer (RFC 9207), the ID token's presence, audience and
algorithm, the subject of UserInfo, the life of cached metadata and keys, and a bound on running sign-ins per browser.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from flask import Flask, current_app, request, session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from portal.settings import Settings
from portal.store import Store

NEEDED_METADATA = {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"}
SCOPES = "openid profile email phone roles contracts"
TIMEOUT = (3, 10)  # seconds to connect, to answer
METADATA_LIFE = 3600  # seconds
KEYS_REST = 10  # seconds between two fetches of the keys, so that forged key ids cost the provider nothing
LEEWAY = 10  # seconds that clocks may differ
RUNNING_ATTEMPTS = 8  # per browser; each is a mark of about 80 bytes in a cookie of 4 KB
SIGNATURES = ["RS256", "PS256", "ES256", "Ed25519"]  # never HS256: the secret is no signing key


class ProviderUnreachable(Exception):
    """The provider does not answer, or not as it should; trying again may help."""


class SignInRefused(Exception):
    """A sign-in or a refresh came to nothing; `code` is the protocol's error code or our own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What a completed sign-in gave, all of it verified."""

    token: dict[str, Any]  # the token answer
    id_claims: dict[str, Any]
    profile: dict[str, Any]  # UserInfo
    wanted: str  # the own path to go on to


class Attempts:
    """Authlib's cache: what a running sign-in must remember, one entry per attempt, so that tabs don't disturb each other."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store, self.clock = store, clock

    def get(self, key: str) -> str | None:
        """Give what was remembered, unless it is too old."""
        return self.store.find_attempt(key, self.clock())

    def set(self, key: str, value: str, expires_in: int) -> None:
        """Remember for `expires_in` seconds."""
        self.store.put_attempt(key, value, self.clock() + expires_in)

    def delete(self, key: str) -> None:
        """Forget."""
        self.store.delete_attempt(key)


class Provider(FlaskOAuth2App):
    """Authlib's Flask client with the missing checks."""

    keys_fetched_at = 0.0
    signing_alg = "RS256"

    def load_server_metadata(self) -> dict[str, Any]:
        """Give the discovery document, at most an hour old unless the provider is away (OpenID Discovery §4.3)."""
        known: dict[str, Any] = self.server_metadata
        if time.time() - known.get("_loaded_at", 0) < METADATA_LIFE:
            return known
        try:
            with self._get_session() as http:
                answer = http.get(self._server_metadata_url, withhold_token=True)
                answer.raise_for_status()
                fresh = answer.json()
        except (requests.RequestException, ValueError) as error:
            if "_loaded_at" in known:
                return known
            raise ProviderUnreachable("no discovery document") from error
        if fresh.get("issuer") != known["issuer"]:
            raise ProviderUnreachable("the discovery document names another issuer")
        if missing := NEEDED_METADATA - fresh.keys():
            raise ProviderUnreachable(f"the discovery document lacks {', '.join(sorted(missing))}")
        known.pop("jwks", None)  # a key that the provider withdrew is not trusted for ever
        known.update(fresh, _loaded_at=time.time(), id_token_signing_alg_values_supported=[self.signing_alg])
        return known

    def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:
        """Give the provider's keys; `force` asks anew, but not more often than every `KEYS_REST` seconds."""
        if force and time.monotonic() - self.keys_fetched_at < KEYS_REST:
            force = False
        if force or "jwks" not in self.server_metadata:
            self.keys_fetched_at = time.monotonic()
        keys: dict[str, Any] = super().fetch_jwk_set(force=force)
        return keys

    def save_authorize_data(self, **attempt: Any) -> None:
        """Remember a running sign-in, and forget this browser's oldest ones."""
        super().save_authorize_data(**attempt)
        marks = [key for key in session if key.startswith(f"_state_{self.name}_")]
        for key in sorted(marks, key=lambda key: session[key]["exp"])[:-RUNNING_ATTEMPTS]:
            self.framework.cache.delete(key)
            session.pop(key)

    def begin(self, redirect_uri: str, wanted: str, **parameters: str) -> str:
        """Start a sign-in (code flow, PKCE S256, state, nonce) and give the address to send the browser to."""
        attempt = self.create_authorization_url(redirect_uri, **parameters)
        address: str = attempt.pop("url")
        self.save_authorize_data(redirect_uri=redirect_uri, wanted=wanted, **attempt)
        return address

    def finish(self) -> Answer:
        """Check the provider's answer.

        Raises: SignInRefused, ProviderUnreachable.
        """
        state = request.args.get("state", "")
        attempt = self.framework.get_state_data(session, state)
        if attempt is None:
            raise SignInRefused("unknown_state")
        try:
            self._check_issuer_of_answer()
            token = self.authorize_access_token(
                leeway=LEEWAY,
                claims_options={
                    "iss": {"essential": True, "value": self.server_metadata["issuer"]},
                    "aud": {"essential": True, "value": self.client_id},
                },
            )
            id_claims = token.pop("userinfo", None)
            if id_claims is None:  # Authlib lets an answer without ID token pass
                raise SignInRefused("no_id_token")
            profile = self.profile(token, id_claims["sub"])
        except (OAuthError, JoseError) as error:
            raise SignInRefused(error.error) from error
        except (requests.RequestException, ValueError) as error:
            raise ProviderUnreachable("the token endpoint does not answer") from error
        finally:
            self.framework.clear_state_data(session, state)
        return Answer(token, dict(id_claims), profile, attempt["wanted"])

    def _check_issuer_of_answer(self) -> None:
        """RFC 9207 §2.4: an answer of another server is refused, errors too."""
        metadata = self.load_server_metadata()
        issuer = request.args.get("iss")
        if issuer is None and not metadata.get("authorization_response_iss_parameter_supported"):
            return
        if issuer != metadata["issuer"]:
            raise SignInRefused("wrong_issuer")

    def profile(self, token: dict[str, Any], sub: str) -> dict[str, Any]:
        """Give UserInfo, which must be about the subject of the ID token (Core §5.3.2)."""
        claims = dict(self.userinfo(token=token))
        if claims.get("sub") != sub:
            raise SignInRefused("wrong_subject")
        return claims

    def refresh(self, token: dict[str, Any]) -> dict[str, Any]:
        """Give a fresh token answer for an old one; the ID token stays, as hint for the logout.

        Raises: SignInRefused when the provider ended the session, ProviderUnreachable.
        """
        if not token.get("refresh_token"):
            raise SignInRefused("no_refresh_token")
        metadata = self.load_server_metadata()
        try:
            with self._get_oauth_client(**metadata) as http:
                http.token = token
                fresh = dict(http.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"]))
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise SignInRefused(error.error) from error
            raise ProviderUnreachable("the refresh was refused") from error
        except (requests.RequestException, ValueError) as error:
            raise ProviderUnreachable("the token endpoint does not answer") from error
        return {**fresh, "id_token": token["id_token"]}

    def _keys(self, *, force: bool = False) -> KeySet:
        document: Any = self.fetch_jwk_set(force=force)
        return KeySet.import_key_set(document)

    def decode(self, token: str) -> jwt.Token:
        """Check the signature of a JWT with the provider's published keys; its claims are the caller's matter."""
        rules = JWSRegistry(algorithms=SIGNATURES, strict_check_header=False)
        try:
            return jwt.decode(token, self._keys(), None, rules)
        except InvalidKeyIdError:  # signed by a key that is newer than what we know
            return jwt.decode(token, self._keys(force=True), None, rules)


def init_app(app: Flask, settings: Settings, store: Store, clock: Callable[[], float]) -> None:
    """Register the provider with Authlib; nothing is fetched yet, so the portal starts without it."""
    oauth = OAuth(app, cache=Attempts(store, clock))
    client: Provider = oauth.register(
        "idp",
        client_cls=Provider,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        issuer=settings.issuer,
        server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": SCOPES,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic",
            "default_timeout": TIMEOUT,
            "leeway": 0,  # we refresh ourselves, before the end
        },
    )
    client.signing_alg = settings.signing_alg
    app.extensions["portal.provider"] = client


def provider() -> Provider:
    """Give the running application's provider."""
    client: Provider = current_app.extensions["portal.provider"]
    return client
