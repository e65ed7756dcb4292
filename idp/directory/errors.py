"""What the directory refuses, with the words for it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from idp.errors import Conflict, IdpError, InvalidField, NotAllowed
from idp.texts import text


class UsernameTaken(InvalidField):
    """Somebody has this user name; `suggestions` are free."""

    code = "username_taken"

    def __init__(self, suggestions: tuple[str, ...]) -> None:
        problem = (
            text("This user name is not available. Free are: {suggestions}.", suggestions=", ".join(suggestions))
            if suggestions
            else text("This user name is not available. Please choose another one.")
        )
        super().__init__("username", problem, "username: taken")
        self.suggestions = suggestions


class LastAdministrator(Conflict):
    """The customer would have no active Administrator Kundenportal any more."""

    code = "last_administrator"
    message = text("This is the last active customer portal administrator. Make somebody else one first.")


class StillInUse(Conflict):
    """A person is only forgotten once the account is deactivated."""

    code = "still_in_use"
    message = text("This account is in use. Deactivate it first.")


class PersonErased(Conflict):
    """The account's person was forgotten; nothing leads back."""

    code = "person_erased"
    message = text("The data of this person have been erased. The account cannot be used any more.")


class NotYourself(NotAllowed):
    """An administrator does not remove the own account or role."""

    code = "not_yourself"
    message = text("You cannot deactivate your own account or change its role. Please ask another administrator.")


class AccountUnavailable(Conflict):
    """The account is locked or deactivated, or already active, or its data changed meanwhile."""

    code = "account_unavailable"
    message = text("The account cannot be activated as it is now. Please ask your administrator.")


class AlreadyActive(Conflict):
    """An active account needs no invitation."""

    code = "already_active"
    message = text("This account is active already; it needs no invitation.")


class NotInvitable(Conflict):
    """A locked or deactivated account gets no invitation."""

    code = "not_invitable"
    message = text("This account is locked or deactivated. It cannot be invited now.")


class InvitationGone(Conflict):
    """No scheduled invitation waits any more."""

    code = "invitation_gone"
    message = text("No scheduled invitation waits any more; perhaps it has just been sent.")


class InvitedMeanwhile(Conflict):
    """The invitation that the asker saw is not the open one any more."""

    code = "invited_meanwhile"
    message = text("The invitation has changed in the meantime; nothing more was sent. The list shows how it stands.")


class AccountChangedMeanwhile(Conflict):
    """Somebody else has changed the account since the page was opened."""

    code = "account_changed_meanwhile"
    message = text("This account has been changed in the meantime. Please check it and make your change once more.")


class LinkVoid(IdpError):
    """A link of a mail is unknown, used, replaced or expired."""

    code = "link_void"
    status = 410
    message = text("This link is not valid any more.")


class CustomerDeactivated(Conflict):
    """The ordering system has deactivated the customer."""

    code = "customer_deactivated"
    message = text("The customer is deactivated. Only the ordering system can reactivate it.")


class ContractElsewhere(Conflict):
    """A contract of the document is held by another customer."""

    code = "contract_held_elsewhere"

    def __init__(self, contract_ids: Iterable[str]) -> None:
        named = ", ".join(contract_ids)
        problem = text("These contracts of the document belong to another customer: {contracts}.", contracts=named)
        super().__init__(f"held by another customer: {named}", text=problem)


class AlreadyDecided(Conflict):
    """Somebody decided the request meanwhile, or it has expired."""

    code = "already_decided"
    message = text("This request has already been decided or has expired.")


class InvalidFields(InvalidField):
    """Several values are wrong; `problems` holds one refusal for each, the first is shown where only one can be."""

    def __init__(self, problems: tuple[InvalidField, ...]) -> None:
        first = problems[0]
        super().__init__(first.field, first.text, "; ".join(problem.detail or str(problem) for problem in problems))
        self.problems = problems


def collect(checks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Run all checks and give their values by name, so that a person sees every problem at once. Raises: InvalidField(s)."""
    values: dict[str, Any] = {}
    problems: list[InvalidField] = []
    for name, check in checks.items():
        try:
            values[name] = check()
        except InvalidField as problem:
            problems.append(problem)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise InvalidFields(tuple(problems))
    return values
