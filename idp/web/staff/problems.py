"""The validator's refusals in the words of a page; what is rare is shown as the validator says it, in English."""

from idp.oidc.clients.metadata import MetadataRefused
from idp.oidc.protocol import OAuthError
from idp.pages.forms import Form
from idp.texts import Text, text

_OF_REDIRECT_URIS = {
    "is not an absolute URI of printable ASCII characters": text("is not a complete address, or has characters that are not allowed"),
    "has a fragment": text("must not have a part behind #"),
    "has no host, or a user name in it": text("has no host name, or a user name in it"),
    "has a host that is neither a name nor an address": text("has a host that is neither a name nor an address"),
    "has a port that is none": text("has a port that is not between 1 and 65535"),
    "has a % that begins no code of a printable character": text("has a percent sign that begins no code of a printable character"),
    "has a *, but redirect URIs are compared character by character": text("must not have a *: it is compared character by character"),
    "has a scheme in capital letters": text("has to begin in small letters"),
    "needs https; http is for loopback addresses only": text("has to begin with https; http is for the own machine only (localhost)"),
    "needs https; http on a loopback address is for application_type native": text(
        "has to begin with https; http on the own machine is for native apps"
    ),
    "needs https": text("has to begin with https"),
    "needs https, or as a custom scheme a dot in it (com.example.app:/callback)": text(
        "has to begin with https, or with an own scheme that has a dot in it (com.example.app:/callback)"
    ),
    "has a custom scheme, which only application_type native may have": text("has an own scheme, which only native apps may have"),
}


_NO_KEYS = text("Please enter its public keys, or their address.")
_WHOLE = {
    ("redirect_uris", "at least one is needed"): text("Please enter at least one redirect URI."),
    ("grant_types", "none is not supported"): text("Please choose at least one way."),
    ("grant_types", "refresh_token needs authorization_code or the device grant beside it"): text(
        "Refresh tokens exist only where people sign in, in a browser or on a device."
    ),
    ("jwks", "private_key_jwt needs the client's public keys, by jwks or jwks_uri"): _NO_KEYS,
    ("jwks", "fapi2 needs the client's public keys, by jwks or jwks_uri"): _NO_KEYS,
    ("jwks", "goes not with jwks_uri"): text("Please enter either the keys or their address, not both."),
    ("jwks", "needs a list of keys"): text("This is no key set: a list named keys is missing."),
    ("jwks", "holds a private or symmetric key"): text("There is a private key in it. Please enter public keys alone."),
    ("jwks", "holds no key for signatures in RS256, PS256, ES256 or Ed25519"): text(
        "There is no key for signatures in it: RS256, PS256, ES256 or Ed25519."
    ),
    ("token_endpoint_auth_method", "fapi2 needs private_key_jwt"): text("FAPI 2.0 is for apps that prove themselves by a key."),
    ("require_pkce", "fapi2 cannot do without PKCE"): text("FAPI 2.0 is not possible without PKCE."),
    ("require_pkce", "a public client cannot do without PKCE"): text("A public app cannot do without PKCE."),
    ("grant_types", "fapi2 has no device grant"): text("FAPI 2.0 is not for devices without a browser."),
    ("request_object_signing_alg", "fapi2 needs signed request objects"): text(
        "FAPI 2.0 needs signed request objects: change request_object_signing_alg in the metadata first."
    ),
}


def of_redirect_uri(problem: str) -> Text | str:
    """Put what `redirect_uris.problem` says into words for the page."""
    return _OF_REDIRECT_URIS.get(problem, problem)


def show(form: Form, error: OAuthError) -> None:
    """Put what the validator refuses at the fields whose metadata members it names, or at the profile's, else above the form."""
    for refusal in (error, *error.further) if isinstance(error, MetadataRefused) else (error,):
        member, _, rest = refusal.description.partition(": ")
        said = _words(member, rest) or text("This was not accepted: {problem}", problem=refusal.description)
        if said is _NO_KEYS:
            for name in {"jwks", "jwks_uri"}.intersection(field.name for field in form):
                form[name].flags.optional = False  # one of the two is needed
        if member in form:
            form.add_problem(member, said)
        elif "profile" in form and rest.startswith("fapi2 "):
            form.add_problem("profile", said)
        else:
            form.form_errors.append(said)


def _words(member: str, rest: str) -> Text | None:
    """Say a refusal of a member in words of ours; None where there are none."""
    if (member, rest) in _WHOLE:
        return _WHOLE[member, rest]
    value, _, problem = rest.partition(" ")
    match member, problem:
        case "redirect_uris", _ if problem in _OF_REDIRECT_URIS:
            return text("{uri} {problem}", uri=value, problem=_OF_REDIRECT_URIS[problem])
        case "resources", "is not registered":
            return text("{uri} is not registered as a resource.", uri=value)
        case "id_token_signed_response_alg", "needs PS256, ES256 or Ed25519":
            return text("FAPI 2.0 needs PS256, ES256 or Ed25519.")
        case _, "needs PS256, ES256 or Ed25519":
            return text("FAPI 2.0 needs PS256, ES256 or Ed25519: change {member} in the metadata first.", member=member)
        case "scope", "is not known":
            return text("The scope {scope} is not known.", scope=value)
        case "scope", _ if problem.startswith("is for clients with client_credentials"):
            return text("The scope {scope} is for machines alone.", scope=value)
        case _, "is not an https address":
            return text("{uri} has to be an address that begins with https.", uri=value)
        case _, "is on another origin than the redirect_uris":
            return text("{uri} has to be on the host of a redirect URI.", uri=value)
        case _:
            return None
