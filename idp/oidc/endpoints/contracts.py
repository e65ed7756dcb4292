"""`GET /api/v1/me/contracts`: the contracts that a token's account may use (scope `contracts`), at the level that the account needs."""

from flask import Response

from idp.oidc.clients.scopes import CONTRACTS
from idp.oidc.endpoints.machine import answer, machine_blueprint
from idp.oidc.keys.ring import current_keys
from idp.oidc.tokens.claims import contract_list
from idp.oidc.tokens.protected import authorize_request
from idp.oidc.tokens.step_up import require_own_level
from idp.pages.dpop import shown_token, unit_for

blueprint = machine_blueprint("contracts")


@blueprint.get("/api/v1/me/contracts")
def contracts() -> Response:
    """List them."""
    shown, keys = shown_token(), current_keys()
    with unit_for(shown) as work:
        facts = authorize_request(work, keys, shown, scope=CONTRACTS)
        assert facts.account is not None, "contracts is never granted without a person"
        require_own_level(work, facts)
        return answer({"contracts": contract_list(work, facts.account)})
