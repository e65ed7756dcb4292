"""Pushed authorization requests (RFC 9126): kept for their client under a reference that nobody can guess."""

from dataclasses import dataclass
from datetime import timedelta

from idp.crypto import hash_token
from idp.identifiers import new_id, new_token
from idp.oidc.authorization import store, validation
from idp.oidc.authorization.request_objects import Incoming
from idp.oidc.clients.clients import Client
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import PUSHED_URI, ErrorCode, OAuthError
from idp.unit_of_work import UnitOfWork

LIFE_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Pushed:
    """The answer to a push; `expires_in` in seconds."""

    request_uri: str
    expires_in: int


def push(work: UnitOfWork, keys: Keys, client: Client, incoming: Incoming, dpop_jkt: str | None = None) -> Pushed:
    """Check and keep a request of an authenticated client; of a request object its parameters.

    A key that the push has proven is the one to bind the code to (RFC 9449 §10.1). Raises: OAuthError (RFC 9126 §2.3).
    """
    parameters, asked = validation.validate_to_push(work, keys, client, incoming)
    if dpop_jkt is not None:
        if asked.dpop_jkt not in (None, dpop_jkt):
            raise OAuthError(ErrorCode.INVALID_REQUEST, "dpop_jkt names another key than the DPoP proof")
        parameters = parameters.with_key(dpop_jkt)
    reference = new_token()
    opens_until = work.now + timedelta(seconds=LIFE_SECONDS)
    store.add_pushed(
        work.db,
        {
            "id": new_id(),
            "reference_hash": hash_token(reference),
            "client_id": client.id,
            "parameters": parameters.as_json(),
            "created_at": work.now,
            "expires_at": opens_until,
            "delete_after": opens_until + timedelta(minutes=work.settings.authorization_request_minutes),
        },
    )
    return Pushed(PUSHED_URI + reference, LIFE_SECONDS)
