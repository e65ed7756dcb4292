"""The form of a new password."""

from typing import Any

from idp.pages.forms import Form, NewPasswordField
from idp.texts import text


class NewPasswordForm(Form):
    """A new password, twice."""

    new_password = NewPasswordField(text("New password"))
    new_password_repeat = NewPasswordField(text("Repeat new password"), required=text("Please enter the password a second time."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check that both entries are the same."""
        if not super().validate(extra_validators):
            return False
        if self.new_password.data != self.new_password_repeat.data:
            self.add_problem("new_password_repeat", text("The two entries differ. Please enter the same password twice."))
            return False
        return True
