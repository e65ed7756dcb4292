"""The data folder of one installation: who holds it, which ports are free, what runs there."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from idp.errors import SettingsError


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold the folder alone until the end. Raises: SettingsError when another process holds it."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(f"data_dir: cannot use {data_dir}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode() or "another process"
            message = f"the data folder {data_dir} is in use by process {holder}; set IDP_DATA_DIR for a second instance"
            raise SettingsError(message) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def require_free(host: str, port: int, hint: str) -> None:
    """Refuse a port on which somebody listens, before anything is started. Raises: SettingsError with the hint."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"port {port} on {host} cannot be used ({error.strerror}); {hint}") from None


def is_free(host: str, port: int) -> bool:
    """Tell whether a port can be listened on."""
    try:
        require_free(host, port, "")
    except SettingsError:
        return False
    return True


def write_private(file: Path, document: Any) -> None:
    """Write a JSON file that only its owner may read, whole or not at all."""
    passing = file.with_name(file.name + ".new")
    descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(document, opened, indent=2, ensure_ascii=False)
        opened.write("\n")
    passing.replace(file)
