"""Customers as the ordering system writes and reads them."""

from flask import Response, jsonify

from idp.api.bodies import read_as
from idp.api.documents import CustomerShape
from idp.directory import provisioning
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens.protected import authorize_request
from idp.pages.dpop import shown_token, unit_for
from idp.unit_of_work import acts_in_request, read_work, unit_of_work

SCOPE = "provisioning"


def put(customer_number: str) -> Response:
    """Make a customer what the document says: 201 at first, 200 after."""
    let_in()
    document = read_as(CustomerShape).document()
    with unit_of_work() as work:
        done = provisioning.provision(work, customer_number, document)
    answer = jsonify(done.document)
    answer.status_code = 201 if done.created else 200
    return answer


def show(customer_number: str) -> Response:
    """Give the last document with the accounts as they are now."""
    let_in()
    with read_work() as work:
        return jsonify(provisioning.describe(work, customer_number))


def let_in() -> None:
    """Let only a client in that acts for itself and whose access token has the scope. Raises: OAuthError 401, 403."""
    shown, keys = shown_token(), current_keys()
    with unit_for(shown) as work:
        facts = authorize_request(work, keys, shown, scope=SCOPE)
    if facts.account_id is not None:
        raise OAuthError(ErrorCode.INSUFFICIENT_SCOPE, "a person cannot provision customers", status=403)
    acts_in_request(facts.actor)
