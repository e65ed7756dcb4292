"""Access to what we protect ourselves (UserInfo, APIs) by access token: for whoever bears it (RFC 6750), or bound to a key (RFC 9449).

`read` takes the token and its proof from a request before a unit of work opens, `authorize_request` lets it in.
"""

from dataclasses import dataclass

from idp.oidc.clients import clients
from idp.oidc.clients.metadata import FAPI_ALGORITHMS
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import access_tokens, dpop
from idp.oidc.tokens.access_tokens import TokenFacts
from idp.oidc.tokens.dpop import Proof, ProofRefused, Sent
from idp.unit_of_work import UnitOfWork, Units

__all__ = ["Shown", "TokenFacts", "authorize_request", "read", "token_of"]

_BEARER = 'Bearer realm="idp"'
_DPOP = f'DPoP realm="idp", algs="{" ".join(dpop.ALGORITHMS)}"'


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows to be let in: an access token, and with the scheme `DPoP` the proof for it."""

    token: str
    proof: Proof | None


def read(units: Units, sent: Sent, form_token: str | None = None) -> Shown:
    """Read the one access token of a request (RFC 6750 §2.1, §2.2; RFC 9449 §7.1), and check its proof.

    Raises: OAuthError 401 for none, 400 for several, 401 for a proof that is missing or wrong or needs a nonce.
    """
    scheme, _, value = (sent.authorization or "").partition(" ")
    scheme, value = scheme.lower(), value.strip()
    header_token = value if scheme in ("bearer", "dpop") else ""
    if header_token and form_token:
        raise _refused(ErrorCode.INVALID_REQUEST, "more than one access token", status=400)
    token = header_token or form_token
    if not token:
        challenge = {"WWW-Authenticate": f"{_BEARER}, {_DPOP}"}  # without error: nothing was presented (RFC 6750 §3.1)
        raise OAuthError(ErrorCode.INVALID_TOKEN, "an access token is needed", status=401, headers=challenge)
    if not header_token or scheme == "bearer":
        return Shown(token, None)
    try:
        proof = dpop.read(units, sent, token)
    except ProofRefused as error:
        raise _refused(error.error, error.description, bound=True) from error
    if proof is None:
        raise _refused(ErrorCode.INVALID_DPOP_PROOF, "the scheme DPoP needs a proof", bound=True)
    return Shown(token, proof)


def token_of(authorization: str | None) -> str:
    """Read a bearer token that no key can be asked for, as those of registration are (RFC 7591 §3). Raises: OAuthError 401 for none."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise OAuthError(ErrorCode.INVALID_TOKEN, "a token is needed", status=401, headers={"WWW-Authenticate": _BEARER})
    return value.strip()


def authorize_request(work: UnitOfWork, keys: Keys, shown: Shown, *, scope: str) -> TokenFacts:
    """Let a request in by what it shows, if the token holds a scope; the unit then acts for it. A writing unit uses the proof up.

        shown, keys = shown_token(), current_keys()
        with unit_for(shown) as work:
            facts = authorize_request(work, keys, shown, scope="contracts")

    Raises: OAuthError 401 `invalid_token`, `invalid_dpop_proof`, 403 `insufficient_scope`, with their challenges (RFC 6750 §3).
    """
    issuer, bound = work.settings.issuer_address, shown.proof is not None
    facts = access_tokens.find(work, keys, shown.token)
    if facts is None or issuer not in facts.audience:
        raise _refused(ErrorCode.INVALID_TOKEN, "the access token is unknown, has expired or ended, or is for others", bound=bound)
    if facts.dpop_jkt != (shown.proof.jkt if shown.proof else None):
        raise _refused(ErrorCode.INVALID_TOKEN, _unbound(facts, shown.proof), bound=bound)
    if scope not in facts.scopes:
        description = f"the access token lacks the scope {scope}"
        raise _refused(ErrorCode.INSUFFICIENT_SCOPE, description, status=403, bound=bound, more=f', scope="{scope}"')
    if shown.proof and work.writes:
        _use(work, facts, shown.proof)
    work.acts_as(facts.actor)
    return facts


def _unbound(facts: TokenFacts, proof: Proof | None) -> str:
    """Say how a token and the key that comes with it do not fit together (RFC 9449 §7.1, §7.2)."""
    if proof is None:
        return "the access token is bound to a key and needs the scheme DPoP"
    return "the access token is bound to another key" if facts.dpop_jkt else "the access token is bound to no key"


def _use(work: UnitOfWork, facts: TokenFacts, proof: Proof) -> None:
    """Use the proof up; what signs for FAPI clients is looked at here too."""
    try:
        if proof.algorithm not in FAPI_ALGORITHMS:
            client = clients.find(work, facts.client_id)
            if client is None or client.is_fapi:
                raise ProofRefused("the algorithm of the DPoP proof is not allowed for this client")
        dpop.spend(work, proof)
    except ProofRefused as error:
        raise _refused(error.error, error.description, bound=True) from error


def _refused(error: ErrorCode, description: str, *, status: int = 401, bound: bool = False, more: str = "") -> OAuthError:
    """Make a refusal with its challenge: by the scheme that was used; whoever bore a token learns of the other scheme too."""
    said = f'error="{error.value}", error_description="{description}"{more}'
    challenge = f"{_DPOP}, {said}" if bound else f"{_BEARER}, {said}, {_DPOP}"
    return OAuthError(error, description, status=status, headers={"WWW-Authenticate": challenge})
