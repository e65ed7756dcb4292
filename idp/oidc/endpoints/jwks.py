"""The public keys (RFC 7517)."""

from werkzeug.wrappers import Response

from idp.oidc.endpoints.documents import ready
from idp.oidc.endpoints.machine import machine_blueprint
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import Path
from idp.unit_of_work import current_units

blueprint = machine_blueprint("jwks")


@blueprint.get(Path.JWKS)
def jwks() -> Response:
    """Publish them."""
    keys = current_keys()
    return ready(keys.jwks, keys.etag, max_age=current_units().settings.jwks_max_age_seconds)
