"""UserInfo (OpenID Connect Core §5.3): GET, POST with the token in header or form; JSON or, where a client registered it, signed."""

from flask import Response, request

from idp.authn import sessions
from idp.oidc.clients.scopes import OPENID
from idp.oidc.endpoints.machine import FORM, answer, machine_blueprint, read_form, signed_answer
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import Path
from idp.oidc.tokens import signed_answers
from idp.oidc.tokens.access_tokens import TokenFacts
from idp.oidc.tokens.claims import userinfo_claims
from idp.oidc.tokens.protected import authorize_request
from idp.pages.dpop import shown_token, unit_for
from idp.unit_of_work import UnitOfWork, current_units, unit_of_work

blueprint = machine_blueprint("userinfo")


@blueprint.route(Path.USERINFO, methods=["GET", "POST"])
def userinfo() -> Response:
    """Tell a client about the person whose token it holds; that counts as use of the session."""
    in_form = read_form().values.get("access_token") if request.method == "POST" and request.mimetype == FORM else None
    shown, keys = shown_token(in_form), current_keys()
    with unit_for(shown) as work:
        facts = authorize_request(work, keys, shown, scope=OPENID)
        body = _told(work, facts)
        unnoted = facts.session is not None and sessions.needs_touch(work, facts.session)
    if facts.session and unnoted:
        with unit_of_work(facts.actor) as work:
            sessions.touch(work, facts.session)
    if facts.userinfo_alg is None:
        return answer(body)
    token = signed_answers.userinfo(keys, current_units().settings, facts.userinfo_alg, facts.client_id, body)
    return signed_answer(token, signed_answers.MEDIA_TYPE)


def _told(work: UnitOfWork, facts: TokenFacts) -> dict[str, object]:
    assert facts.account is not None, "openid is never granted without a person"
    return userinfo_claims(work, facts.account, facts.claims["sub"], facts.scopes, facts.claims_request)
