"""Answering a request with a code."""

from idp.authn import sessions
from idp.oidc.authorization import answers, codes
from idp.oidc.authorization.answers import ToClient
from idp.oidc.authorization.next_step import Answer
from idp.oidc.authorization.request import OpenRequest
from idp.unit_of_work import UnitOfWork


def grant(work: UnitOfWork, opened: OpenRequest, answer: Answer) -> ToClient:
    """Issue the code, and note that the session is in use; its redemption notes with which app. Raises: StartAgain, AnsweredByRedirect."""
    code = codes.issue(work, answer.grant, opened)
    sessions.touch(work, answer.session)
    return answers.with_code(opened.asked.target, code)
