"""Kinds of failure. Each package raises its own classes under this base; each face translates them in one place."""

from typing import ClassVar

from idp.texts import Text, text


class IdpError(Exception):
    """A refusal that the product knows.

    `code` is stable, `text` may be shown to a person, `detail` is for the log only; `keeps_changes` tells the unit of
    work to commit all the same (a wrong PIN must count), `may_redirect` tells the authorization endpoint that the
    answer may go to the redirect URI; `retry_after` is in seconds.
    """

    code: str = "refused"
    status: int = 400
    keeps_changes: ClassVar[bool] = False
    may_redirect: ClassVar[bool] = False
    message: ClassVar[Text] = text("That is not possible.")

    def __init__(self, detail: str = "", *, text: Text | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.text = text or self.message
        self.retry_after = retry_after


class NotFound(IdpError):
    """The thing does not exist, or not for this caller."""

    code = "not_found"
    status = 404
    message = text("This page or entry does not exist.")


class NotAllowed(IdpError):
    """The caller is known and may not do this."""

    code = "not_allowed"
    status = 403
    message = text("You are not allowed to do this.")


class Conflict(IdpError):
    """The change contradicts what is there."""

    code = "conflict"
    status = 409
    message = text("This has been changed in the meantime. Please check and try again.")


class InvalidField(IdpError):
    """One value of the input is wrong; `field` names it as the caller does."""

    code = "invalid"
    status = 422
    message = text("Please check this entry.")

    def __init__(self, field: str, problem: Text, detail: str = "") -> None:
        super().__init__(detail or f"{field}: {problem}", text=problem)
        self.field = field


class TooMany(IdpError):
    """A limit is reached; it lifts itself after `retry_after` seconds."""

    code = "too_many"
    status = 429
    message = text("Too many attempts. Please wait a moment and try again.")


class TryAgain(IdpError):
    """The database refused to serialize or is out of reach; the same call may succeed."""

    code = "try_again"
    status = 503
    message = text("The service is busy. Please try again in a moment.")

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, retry_after=2)


class SettingsError(IdpError):
    """A setting is missing or wrong; the text of the exception is one line that names the mend."""

    code = "settings"
