"""`GET /api/v1/me/contracts`: the contracts that a token's account may use (scope `contracts`)."""

from flask import Response, request

from idp.oidc.clients.scopes import CONTRACTS
from idp.oidc.endpoints.machine import answer, machine_blueprint
from idp.oidc.keys.ring import current_keys
from idp.oidc.tokens.claims import contract_list
from idp.oidc.tokens.protected import authorize_request
from idp.unit_of_work import read_work

blueprint = machine_blueprint("contracts")


@blueprint.get("/api/v1/me/contracts")
def contracts() -> Response:
    """List them."""
    keys = current_keys()
    with read_work() as work:
        facts = authorize_request(work, keys, request.headers.get("Authorization"), scope=CONTRACTS)
        assert facts.account is not None, "contracts is never granted without a person"
        return answer({"contracts": contract_list(work, facts.account)})
