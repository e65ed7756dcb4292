"""Taking tokens back at their client's wish (RFC 7009); effective at once for introspection and all that we protect."""

from idp import audit
from idp.audit import Event
from idp.oidc.clients.clients import Client
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import access_tokens, families, refresh_tokens, store
from idp.oidc.tokens.families import FamilyEnd
from idp.unit_of_work import UnitOfWork


def revoke(work: UnitOfWork, keys: Keys, client: Client, token: str) -> None:
    """Revoke a client's token: a refresh token with all its family, an access token alone; unknown ones are no error (§2.2).

    Raises: OAuthError `invalid_grant` for another client's token (§2.1).
    """
    presented = refresh_tokens.read(work, token)
    if presented:
        family = store.find_family(work.db, presented.family_id)
        if family:
            _check_own(client, family.client_id)
            if families.end(work, family.id, FamilyEnd.REVOKED):
                audit.record(work, Event.TOKEN_REVOKED, account=family.account_id, client=client.id, kind="refresh_token")
        return
    claims = access_tokens.claims_of(work, keys, token)
    if claims:
        _check_own(client, claims["client_id"])
        if store.revoke_access_token(work.db, claims["jti"], work.now):
            audit.record(work, Event.TOKEN_REVOKED, client=client.id, kind="access_token", jti=claims["jti"])


def _check_own(client: Client, holder: str) -> None:
    if holder != client.id:
        raise OAuthError(ErrorCode.INVALID_GRANT, "the token was issued to another client")
