"""An authorization request as a value: what a client asked for, validated, and where its answer goes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from idp.errors import IdpError
from idp.identifiers import AccountId, AuthorizationRequestId, BrowserHash, ClientId, SigninId
from idp.oidc.keys.jose import Algorithm
from idp.oidc.protocol import ErrorCode, OAuthError, Prompt, ResponseMode
from idp.texts import text


@dataclass(frozen=True, slots=True)
class Target:
    """A proven place for answers: only what stands here is ever redirected to. `signed_with`: only for modes that are signed (JARM)."""

    client_id: ClientId
    redirect_uri: str
    response_mode: ResponseMode
    state: str | None
    signed_with: Algorithm | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asked for.

    `subject`: only this person will do, `subject_by_token`: an ID token proves that the client knows them; `claims`: members
    `id_token` and `userinfo` (Core §5.5).
    """

    target: Target
    scopes: tuple[str, ...]
    nonce: str | None = None
    prompts: frozenset[Prompt] = frozenset()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    essential_acr: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    subject: str | None = None
    subject_by_token: bool = False
    login_hint: str | None = None
    ui_locales: str | None = None
    code_challenge: str | None = None
    authorization_details: tuple[dict[str, Any], ...] = ()
    resources: tuple[str, ...] = ()
    pushed_id: str | None = None
    dpop_jkt: str | None = None

    @property
    def client_id(self) -> ClientId:
        """The client that asks."""
        return self.target.client_id

    def as_json(self) -> dict[str, Any]:
        """Write as a JSON document."""
        return asdict(self) | {"prompts": sorted(self.prompts)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "AuthorizationRequest":
        """Read what `as_json` wrote."""
        return cls(
            **(
                document
                | {
                    "target": _target(document["target"]),
                    "prompts": frozenset(Prompt(prompt) for prompt in document["prompts"]),
                }
                | {name: tuple(document[name]) for name in ("scopes", "acr_values", "essential_acr", "authorization_details", "resources")}
            )
        )


def _target(document: dict[str, Any]) -> Target:
    algorithm = document.get("signed_with")
    return Target(
        **document
        | {
            "response_mode": ResponseMode(document["response_mode"]),
            "signed_with": Algorithm(algorithm) if algorithm else None,
        }
    )


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request on its way; `stored` tells whether it has a row yet: one that is answered at once needs none."""

    id: AuthorizationRequestId
    asked: AuthorizationRequest
    browser_hash: BrowserHash | None
    expires_at: datetime
    signin_id: SigninId | None = None
    asked_acr: str | None = None
    consented_by: AccountId | None = None
    stored: bool = False


class AnsweredByRedirect(OAuthError):
    """A refusal of a request whose client and redirect URI are proven: it goes to the client."""

    may_redirect = True

    def __init__(self, target: Target, error: ErrorCode, description: str = "", *, detail: str = "") -> None:
        super().__init__(error, description, detail=detail)
        self.target = target


class StartAgain(IdpError):
    """The request cannot go on here: unknown, over, answered, or bound to another browser."""

    code = "start_again"
    message = text("Please start again in the application.")
