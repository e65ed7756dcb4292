"""The protocol's words: error codes, prompts, response modes, paths; and the one error class of all its parts."""

from enum import StrEnum

from idp.errors import IdpError
from idp.settings import Settings
from idp.texts import text

PUSHED_URI = "urn:ietf:params:oauth:request_uri:"
"""How the reference of a pushed request begins (RFC 9126 §2.2)."""


class Path(StrEnum):
    """Where the endpoints are, below the issuer."""

    AUTHORIZATION = "/authorize"
    PAR = "/par"
    TOKEN = "/token"  # noqa: S105 - a path
    USERINFO = "/userinfo"
    INTROSPECTION = "/introspect"
    REVOCATION = "/revoke"
    END_SESSION = "/end-session"
    JWKS = "/jwks"
    DEVICE_AUTHORIZATION = "/device-authorization"
    DEVICE = "/device"
    REGISTRATION = "/register"

    def below(self, settings: Settings) -> str:
        """Give the endpoint's public address."""
        return settings.issuer_address + self.value


CLOUD_PHONE = "cloud_phone"
AUTHORIZATION_DETAILS_TYPES = (CLOUD_PHONE,)
"""The types of authorization details that we know (RFC 9396)."""


class ErrorCode(StrEnum):
    """Error codes of OAuth 2.0 and OpenID Connect that the provider answers with."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    ACCESS_DENIED = "access_denied"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    # OpenID Connect Core §3.1.2.6, Unmet Authentication Requirements §2
    INTERACTION_REQUIRED = "interaction_required"
    LOGIN_REQUIRED = "login_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    CONSENT_REQUIRED = "consent_required"
    INVALID_REQUEST_URI = "invalid_request_uri"
    INVALID_REQUEST_OBJECT = "invalid_request_object"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"
    # RFC 6750, 7009, 7591, 8707, 9396
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - a code's name
    INSUFFICIENT_SCOPE = "insufficient_scope"
    UNSUPPORTED_TOKEN_TYPE = "unsupported_token_type"  # noqa: S105
    INVALID_REDIRECT_URI = "invalid_redirect_uri"
    INVALID_CLIENT_METADATA = "invalid_client_metadata"
    INVALID_TARGET = "invalid_target"
    INVALID_AUTHORIZATION_DETAILS = "invalid_authorization_details"
    INVALID_SOFTWARE_STATEMENT = "invalid_software_statement"
    UNAPPROVED_SOFTWARE_STATEMENT = "unapproved_software_statement"
    # RFC 8628 §3.5
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105
    # RFC 9449 §5, §8; RFC 9470 §3
    INVALID_DPOP_PROOF = "invalid_dpop_proof"
    USE_DPOP_NONCE = "use_dpop_nonce"
    INSUFFICIENT_USER_AUTHENTICATION = "insufficient_user_authentication"


class Prompt(StrEnum):
    """Values of `prompt` (Core §3.1.2.1, Initiating User Registration §2)."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"
    CREATE = "create"


PROMPTS = frozenset(prompt.value for prompt in Prompt)


class ResponseMode(StrEnum):
    """How an authorization answer reaches the client (Multiple Response Types §2.1, Form Post §2); as one signed token: JARM §2.3."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"
    JWT = "jwt"
    QUERY_JWT = "query.jwt"
    FRAGMENT_JWT = "fragment.jwt"
    FORM_POST_JWT = "form_post.jwt"

    @property
    def is_signed(self) -> bool:
        """Whether the answer is one signed token."""
        return self.value.endswith("jwt")

    @property
    def carrier(self) -> "ResponseMode":
        """What carries the answer, signed or not; `jwt` alone means the response type's default (JARM §2.3.4)."""
        return ResponseMode.QUERY if self is ResponseMode.JWT else ResponseMode(self.value.removesuffix(".jwt"))


RESPONSE_MODES = frozenset(mode.value for mode in ResponseMode)


class OAuthError(IdpError):
    """A refusal in the protocol's own form.

    `error` and `description` go to the client (RFC 6749 §4.1.2.1, §5.2), `headers` beside them, `status` where the answer is no
    redirect. The description is ASCII without quotes and backslashes, and names no secret.
    """

    code = "oauth_error"
    message = text("The application asked for something that is not possible. Please start again in the application.")

    def __init__(
        self,
        error: ErrorCode,
        description: str = "",
        *,
        status: int = 400,
        headers: dict[str, str] | None = None,
        detail: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or f"{error}: {description}", retry_after=retry_after)
        self.error = error
        self.code = error.value
        self.description = description
        self.status = status
        self.headers = headers or {}


class Ended(OAuthError):
    """A refusal that also ended what it was about (a replayed code, a reused refresh token): its changes stay."""

    keeps_changes = True


class ClientRefused(OAuthError):
    """Client authentication failed (RFC 6749 §5.2); `claimed_id` is what the caller called itself, for the audit log."""

    def __init__(
        self, description: str = "", *, headers: dict[str, str] | None = None, detail: str = "", claimed_id: str | None = None
    ) -> None:
        super().__init__(ErrorCode.INVALID_CLIENT, description, status=401, headers=headers, detail=detail)
        self.claimed_id = claimed_id
