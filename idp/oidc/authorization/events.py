"""What happens at authorization and matters above it."""

from dataclasses import dataclass

from idp.identifiers import AccountId, ClientId


@dataclass(frozen=True, slots=True)
class ConsentRevoked:
    """A person took back what an app may have; all that the app got by it has ended."""

    account_id: AccountId
    client_id: ClientId
