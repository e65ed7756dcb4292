"""The console's forms."""

from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from idp.directory.entries import CUSTOMER_ROLES, Contract
from idp.pages.forms import CheckField, ChoiceField, EmailField, Form, LineField, MomentField, PhoneField, RadioChoiceField, UsernameField
from idp.texts import text

_ROLES = [(role.value, role.label) for role in CUSTOMER_ROLES]
_SALUTATIONS = [("", text("not given")), ("Herr", text("Mr")), ("Frau", text("Ms"))]


class ContractsField(SelectMultipleField):  # type: ignore[misc] # WTForms has no types
    """Boxes to tick, one for each contract."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class PersonForm(Form):
    """What is known of the person behind an account."""

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
    contracts = ContractsField(text("Only these contracts"), validate_choice=False)

    def offer(self, held: list[Contract]) -> None:
        """Offer the customer's contracts for the limit."""
        self.contracts.choices = [(contract.id, f"{contract.id} · {contract.label}") for contract in held if contract.is_cloud_phone]

    @property
    def chosen_contracts(self) -> tuple[str, ...] | None:
        """The contracts to which the account is limited; None without a limit."""
        offered = {value for value, *_ in self.contracts.choices or ()}
        return None if self.all_contracts.data else tuple(chosen for chosen in self.contracts.data or () if chosen in offered)


class CreateForm(PersonForm):
    """A new account: type and role, user name, invitation now or later."""

    type = RadioChoiceField(text("Type"), choices=_ROLES, default=_ROLES[0][0])
    role = ChoiceField(text("Role"), choices=[("", text("as the type")), *_ROLES], default="")
    username = UsernameField(
        text("User name"),
        longest=64,
        hint=text("You choose it. Letters, digits, dot, hyphen, underscore; no spaces."),
        render_kw={"autocomplete": "off"},
    )
    sending = RadioChoiceField(text("Invitation"), choices=[("now", text("Send at once")), ("later", text("Send later"))], default="now")
    send_at = MomentField(text("Planned for"), required=False, hint=text("Only for »Send later«; local time."))


class EditForm(PersonForm):
    """Changes to an account."""

    role = ChoiceField(text("Role"), choices=_ROLES)


class MoveForm(Form):
    """A new time for a scheduled invitation."""

    send_at = MomentField(text("Planned for"), hint=text("Local time."))


class ApproveForm(Form):
    """The decision for an access request."""

    username = UsernameField(text("User name"), longest=64, render_kw={"autocomplete": "off"})
    mobile = PhoneField(text("Mobile number"), required=False, longest=40, render_kw={"autocomplete": "off"})
