"""Which installation a command means: the settings in force, and how it was started last.

A command given no profile uses that of the last start in the same data folder (`instance.json`), so that `idp demo users`
means the demo that runs there.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from idp.cli.output import chosen_profile
from idp.settings import Settings, config_file, load_settings


@dataclass(frozen=True, slots=True)
class Instance:
    """How the installation of a data folder was started last."""

    profile: str
    port: int
    issuer: str


def settings_here(**overrides: Any) -> Settings:
    """Load the settings that the command line, the environment, or else the last start in the data folder name."""
    profile = chosen_profile()
    if profile or config_file(None):
        return load_settings(profile, **overrides)
    settings = load_settings("small", **overrides)
    last = remembered(settings.data_dir)
    if last is None:
        return settings
    known = load_settings(last.profile, **overrides)
    named = known.issuer or "port" in known.model_fields_set
    return known if named else known.model_copy(update={"port": last.port, "issuer": last.issuer})


def remember(settings: Settings) -> None:
    """Note in the data folder how this start was made."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    noted = Instance(settings.profile, settings.port, settings.issuer_address)
    file(settings.data_dir).write_text(json.dumps(asdict(noted)), encoding="utf-8")


def remembered(data_dir: Path) -> Instance | None:
    """Read how the last start in a data folder was made."""
    try:
        return Instance(**json.loads(file(data_dir).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def file(data_dir: Path) -> Path:
    """Name the file of this memory."""
    return data_dir / "instance.json"
