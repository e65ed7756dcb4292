"""The console's forms."""

from collections.abc import Collection
from typing import Any

from wtforms import HiddenField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from idp.directory.entries import CUSTOMER_ROLES, Contract, Role
from idp.directory.errors import InvalidFields
from idp.errors import IdpError
from idp.pages.forms import CheckField, ChoiceField, EmailField, Form, LineField, MomentField, PhoneField, RadioChoiceField, UsernameField
from idp.texts import Text, text

_ROLES = [(role.value, role.label) for role in CUSTOMER_ROLES]
_SALUTATIONS = [("", text("not given")), ("Herr", text("Mr")), ("Frau", text("Ms"))]
_NO_USERNAME = text("Please enter a user name.")
_REPEATED = text("This field was sent more than once. Please fill it in again.")
_NO_CONTRACT = text("Please choose at least one contract, or all.")
_NO_MOMENT = text("Please enter when the invitation is to be sent.")


class ContractsField(SelectMultipleField):  # type: ignore[misc] # WTForms has no types
    """Boxes to tick, one for each contract."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ConsoleForm(Form):
    """A form whose fields come once each, and which remembers the refusal that it shows."""

    refusal: IdpError | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Check all fields; of one that comes twice nobody knows which entry is meant."""
        valid: bool = super().validate(extra_validators)
        for field in self:
            if len(field.raw_data or ()) > 1 and not isinstance(field, (SelectMultipleField, HiddenField)):
                self.add_problem(field.name, _REPEATED)
                valid = False
        return valid

    def refuse(self, error: IdpError) -> None:
        """Show a rule's refusal, at the fields that it names."""
        self.refusal = error
        for problem in error.problems if isinstance(error, InvalidFields) else (error,):
            super().refuse(problem)


class PersonForm(ConsoleForm):
    """What is known of the person behind an account."""

    above: tuple[str, ...] = ()
    """Fields that a page shows above those of the person."""

    salutation = ChoiceField(text("Salutation"), choices=list(_SALUTATIONS))
    given_name = LineField(text("Given name"), longest=100, render_kw={"autocomplete": "off"})
    family_name = LineField(text("Family name"), longest=100, render_kw={"autocomplete": "off"})
    email = EmailField(text("E-mail address"), longest=254, render_kw={"autocomplete": "off"})
    phone = PhoneField(text("Phone number"), required=False, longest=40, render_kw={"autocomplete": "off"})
    mobile = PhoneField(
        text("Mobile number"),
        required=False,
        longest=40,
        hint=text("Needed for customer portal administrators: their SMS PINs go there."),
        render_kw={"autocomplete": "off"},
    )
    locale = ChoiceField(text("Language of messages"), choices=[("de", "Deutsch"), ("en", "English")])
    all_contracts = CheckField(text("May use all cloud phone contracts, future ones too"), default=True)
    contracts = ContractsField(text("Only these contracts, if not all are ticked above"), validate_choice=False)

    def offer(self, held: list[Contract], granted: Collection[str] = ()) -> None:
        """Offer the customer's cloud phone contracts for the limit: the active ones, and those granted already."""
        offered = [contract for contract in held if contract.is_cloud_phone and (contract.active or contract.id in granted)]
        self.contracts.choices = [(contract.id, f"{contract.id} · {contract.label}") for contract in offered]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check all fields; a limit to no contract at all is taken for an oversight."""
        valid = super().validate(extra_validators)
        if self.chosen_role == Role.ADMINISTRATOR_TELEFONANLAGE and self.chosen_contracts == ():
            self.add_problem("contracts", _NO_CONTRACT)
            valid = False
        return valid

    @property
    def problems(self) -> list[tuple[str, Text | str]]:
        """List what is wrong, in the order of the page."""
        return sorted(super().problems, key=lambda problem: bool(problem[0]) and problem[0] not in self.above)

    @property
    def chosen_role(self) -> str:
        """The role that the account is to have."""
        return str(self["role"].data or "")

    @property
    def chosen_contracts(self) -> tuple[str, ...] | None:
        """The contracts to which the account is limited; None without a limit, or where there are none to choose from."""
        chosen = tuple(self.contracts.data or ())
        return None if self.all_contracts.data or not (chosen or self.contracts.choices) else chosen


class CreateForm(PersonForm):
    """A new account: type and role, user name, invitation now or later."""

    above = ("type", "role", "username")
    type = RadioChoiceField(text("Type"), choices=_ROLES, default=_ROLES[0][0])
    role = ChoiceField(text("Role"), choices=[("", text("as the type")), *_ROLES], default="")
    username = UsernameField(
        text("User name"),
        required=_NO_USERNAME,
        longest=64,
        hint=text("You choose it. Letters, digits, dot, hyphen, underscore; no spaces."),
        render_kw={"autocomplete": "off"},
    )
    sending = RadioChoiceField(text("Invitation"), choices=[("now", text("Send at once")), ("later", text("Send later"))], default="now")
    send_at = MomentField(text("Planned for"), required=False, hint=text("Only for »Send later«; local time."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check all fields; who sends later says when."""
        valid = super().validate(extra_validators)
        if self.sending.data == "later" and not self.send_at.data:
            self.add_problem("send_at", _NO_MOMENT)
            valid = False
        return valid

    @property
    def chosen_role(self) -> str:
        """The role that the account is to have; left open it is that of the type."""
        return str(self.role.data or self.type.data or "")


class EditForm(PersonForm):
    """Changes to an account."""

    above = ("role",)
    seen = HiddenField()
    role = ChoiceField(text("Role"), choices=_ROLES)


class MoveForm(ConsoleForm):
    """A new time for a scheduled invitation."""

    send_at = MomentField(text("Planned for"), hint=text("Local time."))


class ApproveForm(ConsoleForm):
    """The decision for an access request."""

    username = UsernameField(text("User name"), required=_NO_USERNAME, longest=64, render_kw={"autocomplete": "off"})
    mobile = PhoneField(text("Mobile number"), required=False, longest=40, render_kw={"autocomplete": "off"})
