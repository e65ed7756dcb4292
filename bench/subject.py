"""What is measured: a running server with its operations, on a database whose cost is counted apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.load import Operation
from bench.processes import Served

DISCOVERY = "discovery"
JWKS = "JWKS"
CLIENT_CREDENTIALS_ES256 = "client credentials (ES256 JWT)"
CLIENT_CREDENTIALS_RS256 = "client credentials (RS256 JWT)"
INTROSPECTION = "introspection"
USERINFO = "userinfo"
REFRESH = "refresh with rotation"
CODE_FLOW = "code flow with a live session"
LOGIN = "whole login, password and PIN"

OPERATIONS = (
    DISCOVERY,
    JWKS,
    CLIENT_CREDENTIALS_ES256,
    CLIENT_CREDENTIALS_RS256,
    INTROSPECTION,
    USERINFO,
    REFRESH,
    CODE_FLOW,
    LOGIN,
)

SQLITE = "SQLite"
POSTGRESQL = "PostgreSQL"
REDIS = "Redis"


@dataclass(frozen=True, slots=True)
class Subject:
    """One server under load."""

    name: str
    database: str
    served: Served
    database_pid: int | None
    operations: Mapping[str, Operation]

    @property
    def title(self) -> str:
        """Name it in messages."""
        return f"{self.name} on {self.database}"
