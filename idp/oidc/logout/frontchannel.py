"""Telling the apps of an ending session through the browser (Front-Channel Logout 1.0): which addresses its frames have to load."""

from idp.identifiers import SessionId
from idp.oidc.authorization.answers import with_query
from idp.oidc.clients import clients
from idp.oidc.tokens import session_clients
from idp.unit_of_work import UnitOfWork


def addresses(work: UnitOfWork, session_id: SessionId) -> tuple[str, ...]:
    """Give the logout addresses of the session's apps; `iss` and `sid` stand in those that asked for them (§2).

    To be read before the session ends. Apps that listen to the back channel too hear of it twice, which does no harm.
    """
    used = session_clients.clients_of(work, [session_id])
    known = clients.find_several(work, (one.client_id for one in used))
    found = []
    for one in used:
        client = known.get(one.client_id)
        if client is None or not client.frontchannel_logout_uri:
            continue
        said = {"iss": work.settings.issuer_address, "sid": one.sid} if client.frontchannel_logout_session_required else {}
        found.append(with_query(client.frontchannel_logout_uri, said))
    return tuple(found)
