"""Whether an operation costs the same with many accounts, sessions and tokens as with few: two installations take turns."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, insert, select, text

from bench import product, subject
from bench.costs import Measured, measure
from bench.product import Installation
from bench.subject import Subject
from idp.authn.tables import Session
from idp.database import Base
from idp.directory.tables import Account, Customer
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.tables import AccessToken, TokenFamily
from idp.unit_of_work import SYSTEM, UnitOfWork
from tests import servers

FEW, MANY = 1_000, 1_000_000
FLAT = 0.10
OPERATIONS = tuple(name for name in subject.OPERATIONS if name not in (subject.DISCOVERY, subject.JWKS, subject.CLIENT_CREDENTIALS_RS256))
ACCOUNTS_OF_A_CUSTOMER = 10
_SCATTERED = "CAST((i * 2654435761) % 4294967296 AS VARCHAR)"
"""A number that looks drawn by chance, each once: keys of ours have no order either."""


@dataclass(frozen=True, slots=True)
class Copies:
    """A table whose one row is copied, and what differs in each copy `i`."""

    table: type[Base]
    key: str
    changes: Mapping[str, str]


def _id(kind: str, number: str = _SCATTERED) -> str:
    return f"{number} || '-{kind}'"


_OWN_CUSTOMER = _id("customer", f"CAST(((i / {ACCOUNTS_OF_A_CUSTOMER}) * 2654435761) % 4294967296 AS VARCHAR)")
COPIES = (
    Copies(Customer, "id", {"id": _id("customer"), "number": "CAST(50000000 + i AS VARCHAR)", "main_contact_account_id": "NULL"}),
    Copies(
        Account,
        "id",
        {
            "id": _id("account"),
            "sub": _id("sub"),
            "customer_id": _OWN_CUSTOMER,
            "number": "1000 + i",
            "username": _id("name"),
            "username_key": _id("name"),
            "name_key": _id("name"),
            "email": _id("mail@example.com"),
            "email_key": _id("mail@example.com"),
        },
    ),
    Copies(Session, "id", {"id": _id("session"), "token_hash": _id("token"), "account_id": _id("account")}),
    Copies(TokenFamily, "id", {"id": _id("family"), "account_id": _id("account"), "session_id": _id("session")}),
    Copies(AccessToken, "jti", {"jti": _id("jti"), "family_id": _id("family")}),
)


def fill(installation: Installation, count: int, copied: Sequence[Copies] = COPIES) -> None:
    """Copy one customer, account, session, family and token so many times, or some of these alone."""
    units = installation.app.extensions["idp.units"]
    with units.write(SYSTEM) as work:
        on_sqlite = work.db.dialect.name == "sqlite"
        if on_sqlite:
            work.db.exec_driver_sql("PRAGMA cache_size=-2000000")  # keys without order would have every page written again and again
        templates = _templates(work, installation)
        for copies in copied:
            rows = count // ACCOUNTS_OF_A_CUSTOMER + 1 if copies.table is Customer else count
            _copy(work.db, copies, templates[copies.table], rows)
        if on_sqlite:
            work.db.exec_driver_sql("PRAGMA cache_size=-2000")
    with units.read(SYSTEM) as work:
        work.db.execute(text("ANALYZE"))


def _templates(work: UnitOfWork, installation: Installation) -> dict[type[Base], str]:
    """Name the rows to copy; a family with a token is made for it."""
    person = installation.people[0]
    session = work.db.execute(select(Session.id).limit(1)).scalar_one()
    until = work.now + timedelta(hours=9)
    grant = Grant(client_id=product.APP, scopes=("openid", "profile", "email"), account_id=person.id, session_id=session)  # type: ignore[arg-type]
    family = {"id": "a-family", "client_id": product.APP, "account_id": person.id, "session_id": session, "offline": False}
    family |= {"grant": grant.as_json(), "created_at": work.now, "expires_at": until, "generation": 0}
    work.db.execute(insert(TokenFamily), family)
    work.db.execute(insert(AccessToken), {"jti": "a-token", "family_id": "a-family", "expires_at": until})
    return {Customer: str(person.customer_id), Account: person.id, Session: session, TokenFamily: "a-family", AccessToken: "a-token"}


def _copy(db: Connection, copies: Copies, template: str, count: int) -> None:
    table = copies.table.__table__
    names = [column.name for column in table.columns]
    values = ", ".join(copies.changes.get(name, f'one."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    series = f"WITH RECURSIVE series(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM series WHERE i + 1 < {count})"
    target, source = f'INSERT INTO "{table.name}" ({columns})', f'FROM series, "{table.name}" AS one WHERE one."{copies.key}" = :template'
    postgresql = db.dialect.name == "postgresql"
    statement = f"{series} {target} SELECT {values} {source}" if postgresql else f"{target} {series} SELECT {values} {source}"
    db.execute(text(statement), {"template": template})


@contextmanager
def subjects(folder: Path, few: int, many: int) -> Iterator[list[Subject]]:
    """Start a small and a large installation on each database."""
    with ExitStack() as stack:
        postgres = servers.Postgres()
        stack.callback(postgres.stop)
        started = []
        for database in (subject.SQLITE, subject.POSTGRESQL):
            for size in (few, many):
                own = folder / f"{database}-{size}"
                own.mkdir(parents=True)
                on_sqlite = database == subject.SQLITE
                url = f"sqlite:///{own / 'data.sqlite3'}" if on_sqlite else stack.enter_context(postgres.database())
                installation = stack.enter_context(product.installed(url, own))
                fill(installation, size)
                served = stack.enter_context(product.started(installation))
                pid = None if on_sqlite else postgres.process.pid
                started.append(Subject(f"{size}", database, served, pid, product.operations(installation)))
        yield started


def run(folder: Path, rounds: int, few: int = FEW, many: int = MANY) -> tuple[Measured, str]:
    """Measure; give the figures and their table."""
    with subjects(folder, few, many) as started:
        found = measure(started, rounds, OPERATIONS)
    lines = [f"| CPU ms per operation | database | {few} accounts | {many} accounts | ratio |", "|---|---|---|---|---|"]
    for database in (subject.SQLITE, subject.POSTGRESQL):
        for operation in OPERATIONS:
            small, large = (whole(found, operation, str(size), database) for size in (few, many))
            ratio = median(more / less for less, more in zip(small, large, strict=True))
            told = "" if abs(ratio - 1) <= FLAT else f" (not within ±{FLAT:.0%})"
            lines.append(f"| {operation} | {database} | {median(small):.2f} | {median(large):.2f} | {ratio:.2f}{told} |")
    return found, "\n".join(lines)


def whole(found: Measured, operation: str, size: str, database: str) -> list[float]:
    """Add up server and database, round by round."""
    cost = found.costs[operation, size, database]
    return [server + own for server, own in zip(cost.server, cost.database, strict=True)]
