"""The endpoint for pushed authorization requests (RFC 9126)."""

from dataclasses import asdict

from flask import Response, jsonify

from idp.oidc.authorization import par, request_objects
from idp.oidc.clients import authentication
from idp.oidc.endpoints.machine import machine_blueprint, read_credentials, read_form
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import Path
from idp.oidc.tokens import dpop
from idp.pages.dpop import read_proof
from idp.unit_of_work import current_units, unit_of_work

blueprint = machine_blueprint("par")


@blueprint.post(Path.PAR.value)
def push() -> Response:
    """Keep an authenticated client's request, and give the reference to open it by."""
    keys, proof = current_keys(), read_proof()
    form = read_form()
    credentials = read_credentials(form.values)
    incoming = request_objects.gather_pushed(current_units(), credentials.client_id, form.of_authorization)
    with unit_of_work() as work:
        client = authentication.authenticate(work, credentials)
        pushed = par.push(work, keys, client, incoming, dpop.key_of(work, client, proof))
    answer = jsonify(asdict(pushed))
    answer.status_code = 201
    answer.headers["Cache-Control"] = "no-store"
    return answer
