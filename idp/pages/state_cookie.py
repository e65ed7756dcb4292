"""Flask's session, kept in the signed cookie `idp_state`; costs nothing where a browser or client has none."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from idp.errors import TryAgain


class StateCookie(SecureCookieSessionInterface):
    """Reads and writes the cookie, with one serializer for all requests."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Give the one serializer of this application: its key never changes."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, if there is one."""
        if app.config["SESSION_COOKIE_NAME"] not in request.cookies:
            return self.session_class()
        try:
            return super().open_session(app, request)
        except TryAgain:  # a process that starts while the database is away cannot know its key yet: the view will say so
            return self.make_null_session(app)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie, if there is something new in it."""
        if session or session.modified or session.accessed:
            super().save_session(app, session, response)
