"""The forms of staff's pages."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from idp.oidc.clients.metadata import (
    AUTHORIZATION_CODE,
    BASIC,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    FAPI2,
    NONE,
    POST,
    PRIVATE_KEY_JWT,
    REFRESH_TOKEN,
    STANDARD,
    TOKEN_EXCHANGE,
)
from idp.oidc.clients.resources import TokenFormat
from idp.oidc.clients.scopes import PERSON_SCOPES
from idp.oidc.keys.jose import Algorithm
from idp.oidc.protocol import AUTHORIZATION_DETAILS_TYPES
from idp.pages.forms import CheckField, ChoiceField, Form, LineField, ParagraphField, RadioChoiceField
from idp.texts import Text, text
from idp.web.staff.kinds import Kind

_LONG = 40_000
_OFF = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
_GRANTS = (
    (AUTHORIZATION_CODE, text("People sign in in a browser (authorization_code)")),
    (REFRESH_TOKEN, text("Stay signed in by refresh tokens (refresh_token)")),
    (DEVICE_CODE, text("Devices without a browser, such as phones (device_code)")),
    (CLIENT_CREDENTIALS, text("In its own name, without a person (client_credentials)")),
    (TOKEN_EXCHANGE, text("Exchange a person's token for a narrower one (token-exchange)")),
)
_PROFILES = ((STANDARD, text("Standard")), (FAPI2, text("FAPI 2.0")))
_FAPI2_DEMANDS = text(
    "FAPI 2.0 demands a key in place of a secret, pushed requests (PAR), tokens bound to a key (DPoP) and redirect URIs with https."
)
_METHODS = (
    (BASIC, text("A secret (client_secret_basic)")),
    (POST, text("A secret in the body (client_secret_post)")),
    (PRIVATE_KEY_JWT, text("Its key (private_key_jwt)")),
    (NONE, text("Nothing: public app (none)")),
)
_ALWAYS_WITH_FAPI2 = text("FAPI 2.0 switches it on by itself.")
_NO_JSON = text("This is no JSON object. Please check brackets, quotes and commas.")


def _as_typed(value: str | None) -> str:
    return value or ""


class LinesField(ParagraphField):
    """Several values, one on each line."""

    longest = _LONG

    def __init__(self, label: Text, *, needed: bool = False, **options: Any) -> None:
        """Make the field; `needed`: not called optional, although only the validator knows when it may be empty."""
        super().__init__(label, required=False, render_kw=_OFF | {"rows": "3"} | options.pop("render_kw", {}), **options)
        if needed:
            self.flags.optional = False

    @property
    def lines(self) -> list[str]:
        """The values, each once, without blank ones."""
        return list(dict.fromkeys(line.strip() for line in (self.data or "").splitlines() if line.strip()))


class ChecksField(ChoiceField, SelectMultipleField):  # type: ignore[misc]
    """Several of a few, as boxes to tick."""

    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered. Raises: ValidationError."""
        if not {value for value, *_ in self.choices or ()}.issuperset(self.data or ()):
            raise ValidationError(text("Please choose one of the options."))


class JsonField(ParagraphField):
    """A JSON object, taken as it is typed."""

    longest = _LONG
    style = "form-control code"
    clean = staticmethod(_as_typed)

    def __init__(self, label: Text, **options: Any) -> None:
        rows = options.pop("rows", "6")
        super().__init__(label, render_kw=_OFF | {"rows": rows}, **options)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Refuse what is no JSON object. Raises: ValidationError."""
        if (self.data or "").strip() and self.document is None:
            raise ValidationError(_NO_JSON)

    @property
    def document(self) -> dict[str, Any] | None:
        """The object; None for anything else, and for one that could not be kept (a member twice, half a character, NaN)."""
        try:
            read = json.loads(self.data or "", object_pairs_hook=_each_once, parse_constant=_refuse)
            plain = json.dumps(read, ensure_ascii=False)
            plain.encode()
        except (ValueError, RecursionError):
            return None
        return read if isinstance(read, dict) and "\\u0000" not in plain else None


class SeenForm(Form):
    """A form that remembers which state of the app its reader has seen."""

    seen = HiddenField()

    @property
    def seen_at(self) -> datetime | None:
        """When that state was made; None if the form does not say so in a way that makes sense."""
        try:
            return datetime.fromisoformat(self.seen.data or "")
        except ValueError:
            return None


class NewClientForm(Form):
    """A new app."""

    client_name = LineField(text("Name of the app"), hint=text("People see it when they sign in."), render_kw=_OFF)
    kind = RadioChoiceField(text("Kind"), choices=[(kind.value, kind.label) for kind in Kind], default=Kind.WEB.value)
    profile = RadioChoiceField(text("Security profile"), choices=_PROFILES, default=STANDARD, hint=_FAPI2_DEMANDS)
    redirect_uris = LinesField(
        text("Redirect URIs"), needed=True, hint=text("One on each line. Sign-ins lead back to exactly these addresses.")
    )
    post_logout_redirect_uris = LinesField(
        text("Addresses after signing out"), hint=text("One on each line; without one people stay here after signing out.")
    )
    scope = LineField(
        text("Scopes"), required=False, longest=2000, default=" ".join(PERSON_SCOPES), hint=text("Separated by spaces."), render_kw=_OFF
    )
    jwks_uri = LineField(text("Address of its public keys (jwks_uri)"), required=False, longest=2000, render_kw=_OFF)
    jwks = JsonField(text("Or its public keys themselves (jwks)"), required=False)
    first_party = CheckField(text("An app of our own: people are not asked for consent"))
    client_id = LineField(
        text("Client ID"),
        longest=128,
        hint=text("Made by chance. You may choose another one now, but not change it later."),
        render_kw=_OFF,
    )

    @property
    def chosen_kind(self) -> Kind:
        """The chosen kind."""
        return Kind(self.kind.data)

    @property
    def keys(self) -> dict[str, Any]:
        """The app's public keys, in either way."""
        by_address = {"jwks_uri": self.jwks_uri.data} if self.jwks_uri.data else {}
        return by_address | ({"jwks": self.jwks.document} if self.jwks.document is not None else {})


class ClientForm(SeenForm):
    """What is changed often of an app; its fields are named as the metadata's members."""

    client_name = LineField(text("Name of the app"), hint=text("People see it when they sign in."), render_kw=_OFF)
    redirect_uris = LinesField(
        text("Redirect URIs"), needed=True, hint=text("One on each line. Sign-ins lead back to exactly these addresses.")
    )
    post_logout_redirect_uris = LinesField(
        text("Addresses after signing out"), hint=text("One on each line; without one people stay here after signing out.")
    )
    profile = RadioChoiceField(text("Security profile"), choices=_PROFILES, hint=_FAPI2_DEMANDS)
    token_endpoint_auth_method = ChoiceField(text("How it proves itself"), choices=_METHODS)
    jwks_uri = LineField(text("Address of its public keys (jwks_uri)"), required=False, longest=2000, render_kw=_OFF)
    jwks = JsonField(text("Or its public keys themselves (jwks)"), required=False)
    require_pkce = CheckField(text("Sign-ins only with PKCE"))
    require_pushed_authorization_requests = CheckField(text("Only pushed requests (PAR)"), hint=_ALWAYS_WITH_FAPI2)
    dpop_bound_access_tokens = CheckField(text("Only tokens bound to a key (DPoP)"), hint=_ALWAYS_WITH_FAPI2)
    scope = LineField(text("Scopes"), required=False, longest=2000, hint=text("Separated by spaces."), render_kw=_OFF)
    allowed_origins = LinesField(
        text("Origins of its browser pages"), hint=text("One on each line. Scripts of these pages may call us (CORS).")
    )
    initiate_login_uri = LineField(text("Where others begin a sign-in (initiate_login_uri)"), required=False, longest=2000, render_kw=_OFF)
    backchannel_logout_uri = LineField(text("Back-channel logout address"), required=False, longest=2000, render_kw=_OFF)
    frontchannel_logout_uri = LineField(text("Front-channel logout address"), required=False, longest=2000, render_kw=_OFF)
    grant_types = ChecksField(text("How it gets tokens"), choices=_GRANTS)
    resources = LinesField(
        text("Resources"), hint=text("One identifier on each line. Its tokens are for the first one unless it asks otherwise.")
    )
    authorization_details_types = ChecksField(
        text("What it may ask for in detail (authorization_details)"), choices=[(name, name) for name in AUTHORIZATION_DETAILS_TYPES]
    )
    id_token_signed_response_alg = ChoiceField(text("How its ID tokens are signed"), choices=[(name, name) for name in Algorithm])
    logo_uri = LineField(
        text("Picture of the app"),
        required=False,
        longest=2000,
        hint=text("Address of a PNG, JPEG, GIF or WebP. We fetch it once and show it when people sign in."),
        render_kw=_OFF,
    )
    client_uri = LineField(text("Website of the app"), required=False, longest=2000, render_kw=_OFF)
    policy_uri = LineField(text("Privacy notice"), required=False, longest=2000, render_kw=_OFF)
    tos_uri = LineField(text("Terms of use"), required=False, longest=2000, render_kw=_OFF)
    first_party = CheckField(text("An app of our own: people are not asked for consent"))

    def leave_out_people(self) -> None:
        """Take the fields away that are for apps that people use."""
        for name in OF_PEOPLE:
            del self[name]

    def keep_unasked(self, known: Mapping[str, Any]) -> None:
        """Take what the sent form did not ask for from what is `known`: its app was not for people yet, or our version was an older one."""
        unasked = {"profile", *OF_SECURITY} if not self.profile.raw_data else set()
        if not self.id_token_signed_response_alg.raw_data:
            unasked |= {"id_token_signed_response_alg", "require_pkce", "require_pushed_authorization_requests"}
        for name in unasked.intersection(field.name for field in self):
            self[name].data = known.get(name)

    @property
    def members(self) -> dict[str, Any]:
        """What the form says of the metadata; None removes a member."""
        said: dict[str, Any] = {}
        for field in self:
            if field.name in BY_FAPI2 and self.profile.data == FAPI2:
                continue
            if isinstance(field, LinesField):
                said[field.name] = field.lines
            elif isinstance(field, JsonField):
                said[field.name] = field.document
            elif isinstance(field, CheckField) and field.name in OF_SECURITY:
                said[field.name] = field.data or (False if field.name == "require_pkce" else None)  # left out it would count as True
            elif isinstance(field, ChecksField | ChoiceField):
                said[field.name] = field.data
            elif isinstance(field, LineField):
                said[field.name] = field.data or (None if field.name != "scope" else "")
        return said


OF_SECURITY = (
    "token_endpoint_auth_method",
    "jwks_uri",
    "jwks",
    "require_pkce",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
)
"""Fields of `ClientForm` that go with its profile."""
BY_FAPI2 = ("require_pushed_authorization_requests", "dpop_bound_access_tokens")
"""Those about which the profile FAPI 2.0 leaves no choice."""
OF_PEOPLE = (
    "redirect_uris",
    "post_logout_redirect_uris",
    "allowed_origins",
    "initiate_login_uri",
    "require_pkce",
    "require_pushed_authorization_requests",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "id_token_signed_response_alg",
    "logo_uri",
    "client_uri",
    "policy_uri",
    "tos_uri",
    "first_party",
)
"""Fields of `ClientForm` for apps that people use."""


class MetadataForm(SeenForm):
    """The whole metadata."""

    document = JsonField(text("Metadata"), rows="28", hint=text("A JSON object as in RFC 7591. What you remove goes back to its default."))


_FORMATS = (
    (TokenFormat.JWT.value, text("Signed (JWT): the service reads and checks them by itself")),
    (TokenFormat.OPAQUE.value, text("Opaque: only who asks us learns what they mean")),
)


class ResourceForm(Form):
    """What can be changed of a resource; `seen`: the state that its reader has seen."""

    seen = HiddenField()
    name = LineField(text("Name of the service"), hint=text("You find it again in the list by this name."), render_kw=_OFF)
    scopes = LinesField(text("Scopes"), hint=text("One on each line: what apps may ask for here, such as calls:read."))
    token_format = RadioChoiceField(
        text("Token format"), choices=_FORMATS, hint=text("A change counts for tokens that are issued from now on.")
    )
    introspection_client_id = LineField(
        text("App that may ask about tokens (client ID)"),
        required=False,
        longest=128,
        hint=text("The service asks us by this app whether a token is valid. Empty: it checks signed tokens by itself."),
        render_kw=_OFF,
    )


class NewResourceForm(ResourceForm):
    """A new resource."""

    token_format = RadioChoiceField(text("Token format"), choices=_FORMATS, default=TokenFormat.JWT.value)
    identifier = LineField(
        text("Identifier"),
        longest=500,
        hint=text("A complete address such as https://phone.example/api; tokens name it as their audience. It stays as it is."),
        render_kw=_OFF | {"inputmode": "url"},
    )


class InitialTokenForm(Form):
    """A new token for registering apps."""

    name = LineField(text("For whom"), hint=text("You find it again in the list by this name."), render_kw=_OFF)
    days = LineField(text("Valid for how many days"), default="30", longest=5, render_kw=_OFF | {"inputmode": "numeric"})
    uses = LineField(
        text("For how many apps"), required=False, longest=7, hint=text("Empty: for any number."), render_kw=_OFF | {"inputmode": "numeric"}
    )

    def number(self, name: str) -> int | None:
        """Give a field's number; None where none was entered. A text gives 0, which the rule refuses at the field."""
        typed = self[name].data
        if not typed:
            return None
        return int(typed) if typed.isascii() and typed.isdecimal() else 0


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a member comes twice")
    return read


def _refuse(constant: str) -> None:
    raise ValueError(constant)
