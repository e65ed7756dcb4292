"""Forms and fields as all pages use them: cleaned input, bounded lengths, errors that are translated when shown.

A view writes `class PinForm(Form): pin = PinField()`; the template writes `{{ ui.field(form.pin) }}`. What a person typed survives a
failed form, passwords and PINs excepted.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import Choice
from wtforms.i18n import DummyTranslations
from wtforms.validators import Optional, StopValidation, ValidationError
from wtforms.widgets import PasswordInput, TextInput

from idp.errors import IdpError, InvalidField
from idp.pages.language import translated
from idp.texts import Text, text

PIN_DIGITS = 7
LONGEST_LINE = 200
LONGEST_PASSWORD = 1024
"""What a form accepts at all; the rule for new passwords is stricter and says so itself."""

Validator = Callable[[Any, Any], None]


class Form(FlaskForm):
    """A form with our own messages, summarised by `problems`."""

    class Meta(FlaskForm.Meta):
        """Messages come from `idp.texts`, not from WTForms' own catalogues."""

        locales = ("en",)

        def get_translations(self, form: Any) -> Any:
            """Leave WTForms' few texts alone; every validator here brings its own."""
            return DummyTranslations()

        def render_field(self, field: Any, render_kw: dict[str, Any]) -> Any:
            """Draw a field's control, tied to its hint and error (WCAG 2.2 §1.3.1, §3.3.1)."""
            return super().render_field(field, _ties(field) | render_kw)

    @property
    def problems(self) -> list[tuple[str, Text | str]]:
        """List what is wrong, in the order of the page: id of the field (or empty), text."""
        of_fields = [(field.id, error) for field in self for error in field.errors if not isinstance(field, HiddenField)]
        return [("", error) for error in self.form_errors] + of_fields

    def refuse(self, error: IdpError) -> None:
        """Show a rule's refusal: at the field that it names, else above the form."""
        if isinstance(error, InvalidField) and error.field in self:
            self.add_problem(error.field, error.text)
        else:
            self.form_errors.append(error.text)

    def add_problem(self, name: str, problem: Text) -> None:
        """Put an error at a field."""
        field = self[name]
        field.errors = [*field.errors, problem]


class Required:
    """Something must be entered; later checks of an empty field are spared."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __init__(self, message: Text) -> None:
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        """Check the field. Raises: StopValidation."""
        if not field.data:
            raise StopValidation(self.message)


class AtMost:
    """No more than so many characters; no `maxlength`, which would cut a pasted text in silence."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, form: Any, field: Any) -> None:
        """Check the field. Raises: StopValidation."""
        if field.data and len(field.data) > self.length:
            raise StopValidation(text("Please enter at most {length} characters.", length=self.length))


class Matches:
    """The whole entry has a form."""

    def __init__(self, pattern: str, message: Text) -> None:
        self.pattern = re.compile(pattern)
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        """Check the field. Raises: StopValidation."""
        if field.data and not self.pattern.fullmatch(field.data):
            raise StopValidation(self.message)


def _ties(field: Any) -> dict[str, Any]:
    described = [f"{field.id}-hint"] * bool(field.description) + [f"{field.id}-error"] * bool(field.errors)
    attributes: dict[str, Any] = {"class": getattr(field, "style", "form-control")}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if field.errors:
        attributes["aria-invalid"] = "true"
    return attributes


def clean_line(value: str | None) -> str:
    """Normalise a line of text (NFKC), drop control characters, trim, fold runs of white space."""
    normal = unicodedata.normalize("NFKC", value or "")
    visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in normal)
    return " ".join(visible.split())


def clean_text(value: str | None) -> str:
    """Normalise a text of several lines (NFKC), drop other control characters, trim."""
    normal = unicodedata.normalize("NFKC", value or "").replace("\r\n", "\n")
    return "".join(c for c in normal if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def without_spaces(value: str | None) -> str:
    """Take the spaces and hyphens out of a number as people type it: `262 3565`."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", value or ""))


class _Cleaned(Field):
    """Shared making of fields: cleaning, length, »required« with a text of its own, tokens for the browser."""

    clean: Callable[[str | None], str] = staticmethod(clean_line)
    longest = LONGEST_LINE
    tokens: ClassVar[dict[str, str]] = {}
    missing: Text | None = None

    def __init__(
        self, label: Text, *, required: Text | bool = True, hint: Text | None = None, validators: Iterable[Validator] = (), **options: Any
    ) -> None:
        checks: list[Validator] = [AtMost(options.pop("longest", self.longest)), *validators]
        if required:
            message = required if isinstance(required, Text) else self.missing
            checks.insert(0, Required(message or text("Please fill in: {field}", field=label)))
        else:
            checks.insert(0, Optional())
        options["render_kw"] = self.tokens | options.get("render_kw", {})
        super().__init__(label, checks, filters=[type(self).clean], description=hint or "", **options)


class LineField(_Cleaned, StringField):
    """One line of text."""


class UsernameField(_Cleaned, StringField):
    """The user name for signing in; no capitalisation, no spell check."""

    tokens: ClassVar[dict[str, str]] = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autocorrect": "off"}
    missing = text("Please enter your user ID.")


class EmailField(_Cleaned, StringField):
    """An e-mail address; `idp.addresses` checks it."""

    tokens: ClassVar[dict[str, str]] = {
        "type": "email",
        "autocomplete": "email",
        "autocapitalize": "none",
        "spellcheck": "false",
        "inputmode": "email",
    }
    missing = text("Please enter an e-mail address.")


class PhoneField(_Cleaned, StringField):
    """A phone number as people write it; `idp.addresses` checks it."""

    tokens: ClassVar[dict[str, str]] = {"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
    missing = text("Please enter a phone number.")


class CurrentPasswordField(_Cleaned, StringField):
    """The password of an existing account, taken as typed."""

    clean = staticmethod(lambda value: value or "")
    longest = LONGEST_PASSWORD
    widget = PasswordInput(hide_value=True)
    tokens: ClassVar[dict[str, str]] = {"autocomplete": "current-password", "autocapitalize": "none", "spellcheck": "false"}
    missing = text("Please enter your password.")


class NewPasswordField(CurrentPasswordField):
    """A password to be; `authn.passwords` judges it."""

    tokens: ClassVar[dict[str, str]] = CurrentPasswordField.tokens | {"autocomplete": "new-password"}
    missing = text("Please enter a password.")


class _PinInput(TextInput):
    """Never shows again what was typed."""

    def __call__(self, field: Any, **attributes: Any) -> Any:
        return super().__call__(field, **(attributes | {"value": ""}))


class PinField(_Cleaned, StringField):
    """The PIN of an SMS; pasted spaces are removed, anything but seven digits spends no try."""

    style = "form-control pin"
    clean = staticmethod(without_spaces)
    longest = LONGEST_LINE
    widget = _PinInput()
    tokens: ClassVar[dict[str, str]] = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    missing = text("Please enter the PIN you received by SMS.")

    def __init__(self, label: Text, **options: Any) -> None:
        digits = Matches(rf"[0-9]{{{PIN_DIGITS}}}", text("The PIN has {digits} digits. Please check your entry.", digits=PIN_DIGITS))
        super().__init__(label, validators=[digits], **options)


class ParagraphField(_Cleaned, TextAreaField):
    """A text of several lines."""

    clean = staticmethod(clean_text)
    longest = 2000
    tokens: ClassVar[dict[str, str]] = {"rows": "4"}


class CheckField(BooleanField):
    """One box to tick."""

    style = "form-check-input"

    def __init__(self, label: Text, *, hint: Text | None = None, **options: Any) -> None:
        super().__init__(label, description=hint or "", **options)


class _Choice(SelectField):
    style = "form-select"

    def __init__(self, label: Text, *, choices: Iterable[tuple[str, Text | str]] = (), hint: Text | None = None, **options: Any) -> None:
        super().__init__(label, description=hint or "", validate_choice=False, **options)
        self.choices = list(choices)

    def iter_choices(self) -> list[Choice]:
        """Give the choices with their labels in the reader's language."""
        offered = super().iter_choices()
        return [c._replace(label=translated(c.label)) if isinstance(c.label, Text) else c for c in offered]

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered. Raises: StopValidation."""
        if self.data not in [value for value, *_ in self.choices or ()]:
            raise StopValidation(text("Please choose one of the options."))


class ChoiceField(_Choice):
    """One of several, in a list that opens; choices are pairs of value and label, set at making or by the view."""


class RadioChoiceField(_Choice, RadioField):
    """One of a few, all in view."""


class MomentField(_Cleaned, StringField):
    """A local date and time (`datetime-local`); `moment` is naive, the rule knows the time zone."""

    tokens: ClassVar[dict[str, str]] = {"type": "datetime-local"}
    missing = text("Please enter date and time.")

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Refuse what is no time. Raises: ValidationError."""
        if self.data and self.moment is None:
            raise ValidationError(text("Please enter date and time like 2026-11-24T10:15."))

    @property
    def moment(self) -> datetime | None:
        """The entered time, without a zone; none where nothing sensible was entered."""
        try:
            entered = datetime.fromisoformat(self.data or "")
        except ValueError:
            return None
        return entered.replace(tzinfo=None, second=0, microsecond=0)
