"""The endpoint at which devices begin (RFC 8628 §3.1), and the picture that leads a phone's camera to its page (§3.3.1)."""

import io

import segno
from flask import Response, request

from idp.authn.throttling import network_of
from idp.errors import NotFound
from idp.oidc.authorization import devices
from idp.oidc.authorization.checks import Asked
from idp.oidc.clients import authentication
from idp.oidc.endpoints.machine import answer, machine_blueprint, read_credentials, read_form
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import Path
from idp.pages.running import running_notes
from idp.unit_of_work import current_units, unit_of_work

blueprint = machine_blueprint("device_authorization")


@blueprint.post(Path.DEVICE_AUTHORIZATION.value)
def begin() -> Response:
    """Prove the client and let its device wait; `device_name` is our own parameter, shown to the person."""
    form = read_form()
    keys = current_keys()
    credentials = read_credentials(form.values)
    name, network = form.values.get("device_name", ""), network_of(request.remote_addr)
    with unit_of_work() as work:
        client = authentication.authenticate(work, credentials)
        begun = devices.begin(work, Asked(work, keys, client, form.of_authorization), name, network, running_notes().network)
    address = Path.DEVICE.below(current_units().settings)
    return answer(
        {
            "device_code": begun.device_code,
            "user_code": begun.user_code,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={begun.user_code}",
            "expires_in": begun.expires_in,
            "interval": begun.interval,
        }
    )


@blueprint.get(f"{Path.DEVICE.value}/qr")
def picture() -> Response:
    """Draw `verification_uri_complete` as a QR code, for devices that can show a picture and not make one.

    Whether the code belongs to anything is neither asked nor told. Raises: NotFound for what can be no code.
    """
    user_code = devices.read_user_code(request.args.get("user_code", ""))
    if user_code is None:
        raise NotFound("no user code")
    drawn = io.BytesIO()
    address = f"{Path.DEVICE.below(current_units().settings)}?user_code={devices.shown(user_code)}"
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", scale=8, border=4, light="#fff", svgclass=None, lineclass=None)
    response = Response(drawn.getvalue(), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response
