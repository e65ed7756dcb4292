"""What authentication refuses, with the words for it."""

from idp.errors import Conflict, IdpError, NotAllowed, TooMany
from idp.texts import Text, text


class WrongCredentials(IdpError):
    """User ID and password do not fit; says the same whatever the reason, and counts."""

    code = "wrong_credentials"
    status = 422
    keeps_changes = True
    message = text("User ID or password is not correct. Please check both.")


class StaffOnly(NotAllowed):
    """The password was right; the account is a customer's, and this sign-in is for the carrier's own people."""

    code = "staff_only"
    message = text("This sign-in is for our own staff. Please sign in at the customer portal.")


class AccountIsDeactivated(NotAllowed):
    """The password was right; the account's customer or the ordering system has switched it off."""

    code = "account_deactivated"
    message = text("Your account is deactivated. Please ask your customer portal administrator.")


class AccountIsLocked(NotAllowed):
    """The password was right; the carrier's staff have locked the account."""

    code = "account_locked"
    message = text("Your account is locked. Please ask the service desk.")


class NoMobileNumber(NotAllowed):
    """The password was right; a PIN is needed and there is no number to send it to."""

    code = "no_mobile_number"
    message = text(
        "Your sign-in needs a PIN by SMS, but no mobile number is known. Please ask your administrator or the service desk to enter one."
    )


class LevelUnreachable(NotAllowed):
    """The password was right; the app wants a PIN too, and the account has no confirmed number."""

    code = "level_unreachable"
    message = text(
        "This application asks for a PIN by SMS as well, but your account has no confirmed mobile number. Please ask your administrator."
    )


class Throttled(TooMany):
    """Too many failures from here; lifts itself."""

    code = "throttled"


class OtherBrowser(IdpError):
    """The step belongs to another browser (or this one keeps no cookies)."""

    code = "other_browser"
    status = 400
    message = text("Please start again in the application: this sign-in was started in another browser, or cookies are switched off.")


class SigninOver(Conflict):
    """The sign-in expired or was ended; the person starts again."""

    code = "signin_over"
    status = 410
    message = text("This sign-in is over. Please start again.")


class ActivationOver(Conflict):
    """The way to the new password was ended: expired, by a newer link or by a change of the account."""

    code = "activation_over"
    status = 410
    message = text("This step is no longer valid. Please open the link in your mail again.")


class LinkOver(IdpError):
    """The link was used or replaced while the person was on the way."""

    code = "link_over"
    status = 410
    message = text("This link has been used or replaced in the meantime. If it was not you, please request a new one.")


class PinRefused(IdpError):
    """What can be wrong with a PIN."""


class PinWrong(PinRefused):
    """One try is spent."""

    code = "pin_wrong"
    status = 422
    keeps_changes = True

    def __init__(self, tries_left: int) -> None:
        super().__init__("pin: wrong", text=_tries_left(tries_left))
        self.tries_left = tries_left


class PinTriesUsedUp(PinRefused):
    """Five wrong PINs end the sign-in or activation."""

    code = "pin_tries_used_up"
    status = 403
    keeps_changes = True
    message = text("The PIN was wrong too often. For your safety this has been ended; please start again.")


class PinExpired(PinRefused):
    """No PIN of this sign-in or activation is valid now; spends no try."""

    code = "pin_expired"
    status = 422
    message = text("This PIN is no longer valid. Please have a new one sent.")


class PinTooSoon(TooMany):
    """The next SMS has to wait a little."""

    code = "pin_too_soon"
    message = text("The SMS may still be on its way. Please wait a moment before you have the PIN sent again.")


class PinWithheld(TooMany):
    """No PIN goes to an unknown device after many wrong ones; lifts itself."""

    code = "pin_withheld"
    message = text(
        "For this account wrong PINs were entered too often. For your safety no PIN is sent to this device now. "
        "Please use a device with which you have signed in before, or try again later."
    )


class SmsUsedUp(TooMany):
    """The budget of SMS for the account or the number is used up; lifts itself."""

    code = "sms_used_up"
    message = text("Too many PINs were sent by SMS. Please try again later.")


def _tries_left(tries: int) -> Text:
    if tries == 1:
        return text("This PIN is not correct. 1 try left.")
    return text("This PIN is not correct. {tries} tries left.", tries=tries)
