"""The token endpoint (RFC 6749 §3.2)."""

from flask import Response, g

from idp import metrics
from idp.oidc.authlib_server import GRANTS, server
from idp.oidc.authorization.devices import Waiting
from idp.oidc.clients import authentication
from idp.oidc.endpoints.machine import answer, machine_blueprint, read_credentials, read_form, refusal
from idp.oidc.grants.token_grant import TokenRequest
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import ErrorCode, Path
from idp.oidc.tokens import dpop
from idp.pages.dpop import read_proof
from idp.unit_of_work import unit_of_work

blueprint = machine_blueprint("token")
_GRANT_TYPES = {grant.GRANT_TYPE for grant in GRANTS}
_ERRORS = frozenset(error.value for error in ErrorCode)


@blueprint.post(Path.TOKEN)
def token() -> Response:
    """Prove the client, redeem its grant, and sign after the commit; a request that lacks a nonce spends nothing (RFC 9449 §8)."""
    form = read_form()
    g.grant_type = form.values.get("grant_type")
    proof = read_proof()
    credentials = read_credentials(form.values)
    keys = current_keys()
    with unit_of_work() as work:
        client = authentication.authenticate(work, credentials)
        jkt = dpop.key_of_tokens(work, client, proof)
        issued = server.redeem(TokenRequest(work, keys, client, form.values, form.resources, jkt, form.audiences))
    return answer(issued.signed(keys))


@blueprint.errorhandler(Waiting)
def wait(error: Waiting) -> Response:
    """Tell a device to wait, which is no refusal to be counted as one."""
    g.waiting = True
    return refusal(error)


@blueprint.after_request
def count(response: Response) -> Response:
    """Count the answer by grant and result."""
    grant = g.get("grant_type")
    result = "issued" if response.status_code == 200 else "waiting" if g.get("waiting") else "refused"
    kind = grant if grant in _GRANT_TYPES else "other"
    metrics.TOKENS.labels(grant=kind, result=result).inc()
    if result == "refused":
        metrics.TOKEN_REFUSALS.labels(grant=kind, error=_error_of(response)).inc()
    return response


def _error_of(response: Response) -> str:
    told = response.get_json(silent=True)
    error = told.get("error") if isinstance(told, dict) else None
    return error if error in _ERRORS else "other"
