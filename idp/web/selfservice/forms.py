"""The forms of self-service."""

from idp.pages.forms import EmailField, Form, LineField, UsernameField
from idp.texts import text


class ForgottenForm(Form):
    """Whose password is forgotten."""

    username = UsernameField(text("User ID"))


class AccessRequestForm(Form):
    """A wish for an account."""

    customer_number = LineField(
        text("Customer number"), hint=text("You find it on each of our invoices."), longest=40, render_kw={"inputmode": "numeric"}
    )
    given_name = LineField(text("Given name"), longest=100, render_kw={"autocomplete": "given-name"})
    family_name = LineField(text("Family name"), longest=100, render_kw={"autocomplete": "family-name"})
    email = EmailField(text("E-mail address"))
    username = UsernameField(
        text("Desired user ID"), required=text("Please enter the user ID that you would like."), hint=text("You sign in with it later.")
    )


class ConfirmForm(Form):
    """A single button."""
