"""What happens to clients and matters above them."""

from dataclasses import dataclass

from idp.identifiers import ClientId


@dataclass(frozen=True, slots=True)
class ClientEnded:
    """A client was deleted or disabled, or calls people by other names from now on: nothing that was issued to it counts any more."""

    client_id: ClientId


@dataclass(frozen=True, slots=True)
class ClientDeleted:
    """A client was deleted; another may get its id."""

    client_id: ClientId
