"""The forms of a sign-in."""

from idp.pages.forms import CurrentPasswordField, Form, PinField, UsernameField
from idp.texts import text


class PasswordForm(Form):
    """User ID and password."""

    username = UsernameField(text("User ID"))
    password = CurrentPasswordField(text("Password"))


class PinForm(Form):
    """The PIN of an SMS."""

    pin = PinField(text("PIN"))
