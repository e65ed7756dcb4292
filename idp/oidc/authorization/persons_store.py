"""SQL of what stands about one person in authorization."""

from sqlalchemy import func, or_, select

from idp.authn.tables import Signin
from idp.database import Rows
from idp.identifiers import Traces
from idp.oidc.authorization.tables import AuthorizationRequest, Code, Consent, DeviceRequest, PushedRequest


def rows_of(traces: Traces) -> Rows:
    """Tell which rows are about a person, also by a `login_hint` that names them."""
    mine = traces.account_id
    signins = select(Signin.id).where(Signin.account_id == mine)
    hints = (*traces.usernames, *traces.addresses, *traces.numbers)
    asked = AuthorizationRequest.parameters
    requests = or_(
        AuthorizationRequest.signin_id.in_(signins),
        AuthorizationRequest.consented_by == mine,
        func.lower(asked["login_hint"].as_string()).in_(hints),
        asked["subject"].as_string() == traces.sub,
    )
    hinted = func.lower(PushedRequest.parameters["values"]["login_hint"].as_string()).in_(hints)
    return {
        # first what is found by the requests
        PushedRequest: or_(hinted, PushedRequest.id.in_(select(AuthorizationRequest.pushed_id).where(requests))),
        AuthorizationRequest: requests,
        Code: Code.grant["account_id"].as_string() == mine,
        DeviceRequest: or_(DeviceRequest.signin_id.in_(signins), DeviceRequest.granted["account_id"].as_string() == mine),
        Consent: Consent.account_id == mine,
    }
