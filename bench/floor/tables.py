"""The floor's own tables and statements: what an operation cannot do without, and nothing beside it."""

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    bindparam,
    create_engine,
    event,
    insert,
    select,
    update,
)

metadata = MetaData()
client = Table("client", metadata, Column("id", String, primary_key=True), Column("secret", String), Column("document", String))
account = Table(
    "account", metadata, Column("id", String, primary_key=True), Column("name", String), Column("email", String), Column("password", String)
)
session = Table("session", metadata, Column("token", String, primary_key=True), Column("account", String))
family = Table(
    "family",
    metadata,
    Column("id", String, primary_key=True),
    Column("client", String),
    Column("account", String),
    Column("scope", String),
    Column("generation", Integer),
)
access_token = Table(
    "access_token", metadata, Column("jti", String, primary_key=True), Column("family", String, index=True), Column("expires", Integer)
)
code = Table(
    "code",
    metadata,
    Column("hash", String, primary_key=True),
    Column("client", String),
    Column("account", String),
    Column("challenge", String),
    Column("used", Boolean),
)
signin = Table(
    "signin",
    metadata,
    Column("id", String, primary_key=True),
    Column("browser", String),
    Column("request", String),
    Column("account", String),
)
pin = Table(
    "pin", metadata, Column("signin", String, primary_key=True), Column("pin", String), Column("tries", Integer), Column("job", String)
)

CLIENT = select(client.c.secret, client.c.document).where(client.c.id == bindparam("id"))
SESSION = (
    select(session.c.account, client.c.document)
    .join_from(session, client, client.c.id == bindparam("client"))
    .where(session.c.token == bindparam("token"))
)
LIVING_TOKEN = (
    select(family.c.client, family.c.scope, account.c.id, account.c.name, account.c.email)
    .join_from(access_token, family, family.c.id == access_token.c.family)
    .join(account, account.c.id == family.c.account)
    .where(access_token.c.jti == bindparam("jti"), access_token.c.expires > bindparam("now"))
)
ADD_TOKEN, ADD_FAMILY, ADD_CODE = insert(access_token), insert(family), insert(code)
ROTATE = (
    update(family)
    .where(and_(family.c.id == bindparam("key"), family.c.generation == bindparam("presented")))
    .values(generation=bindparam("presented") + 1)
    .returning(family.c.account)
)
USE_CODE = (
    update(code)
    .where(and_(code.c.hash == bindparam("key"), code.c.used.is_(False)))
    .values(used=True)
    .returning(code.c.account, code.c.challenge)
)
ADD_SIGNIN, ADD_PIN, ADD_SESSION = insert(signin), insert(pin), insert(session)
SIGNIN = select(signin.c.account, pin.c.pin).outerjoin_from(signin, pin, pin.c.signin == signin.c.id).where(signin.c.id == bindparam("id"))
PASSWORD = select(account.c.id, account.c.password).where(account.c.name == bindparam("name"))
NOTE_PASSWORD = update(signin).where(signin.c.id == bindparam("key")).values(account=bindparam("owner"))
SPEND_TRY = update(pin).where(pin.c.signin == bindparam("key")).values(tries=pin.c.tries + 1).returning(pin.c.pin)


def engine_of(url: str) -> Engine:
    """Make an engine that commits each statement unless a transaction is begun by hand."""
    if not url.startswith("sqlite"):
        return create_engine(url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
    engine = create_engine(url, pool_reset_on_return=None, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def prepare(connection, _record) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
            connection.execute("PRAGMA " + pragma)

    return engine
