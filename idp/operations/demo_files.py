"""The files that the demo keeps in its data folder: passwords of its users, secrets of its apps; readable by the owner only."""

import json
from pathlib import Path
from typing import Any

from idp.operations.folder import write_private

CREDENTIALS = "demo-credentials.json"
CLIENTS = "demo-clients.json"
OTHERS = ("instance.json", "master-secret")


def complete(data_dir: Path) -> bool:
    """Tell whether demo data have been made here."""
    return (data_dir / CREDENTIALS).exists() and (data_dir / CLIENTS).exists()


def users(data_dir: Path) -> list[dict[str, Any]]:
    """Read the users with their passwords; none before there are any."""
    file = data_dir / CREDENTIALS
    read: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return read


def clients(data_dir: Path) -> dict[str, dict[str, str]]:
    """Read the client ids and secrets by the app's name; none before there are any."""
    file = data_dir / CLIENTS
    read: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return read


def write_users(data_dir: Path, found: list[dict[str, Any]]) -> None:
    """Keep the users with their passwords."""
    write_private(data_dir / CREDENTIALS, found)


def write_clients(data_dir: Path, made: dict[str, dict[str, str]]) -> None:
    """Keep the client ids and secrets."""
    write_private(data_dir / CLIENTS, made)


def all_in(data_dir: Path) -> list[Path]:
    """Name all files of the demo that a fresh start does without."""
    return [data_dir / name for name in (CREDENTIALS, CLIENTS, *OTHERS)]
