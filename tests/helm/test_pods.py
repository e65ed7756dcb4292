"""What pods are given is what the program takes: their environment as settings, their arguments as a command."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idp.settings import Settings, load_settings, misspelt_variables
from tests.helm.conftest import EVERYTHING, PROFILES
from tests.helm.test_chart import pods
from tests.unit.test_runbooks import refusal

pytestmark = pytest.mark.slow

MOUNTED = "/run/secrets/idp"
SECRETS = {
    "master-secret": "Xq3vJ8mZt1Lw6Rb9Yd4Kc7Nf2Hg5Ps0Ua8Te3Vi6Wo",
    "master-secret-previous": "Pb7kD2nQs9Fx4Mh1Zg6Lj3Rt8Wc5Vy0Ae2Ui7Ko4Nz",
    "database-url": "postgresql://idp:Gz5wT8pQ@pooler/idp",
    "database-direct-url": "postgresql://idp:Gz5wT8pQ@db/idp",
    "database-replica-url": "postgresql://idp:Gz5wT8pQ@replica/idp",
    "redis-url": "redis://redis/0",
    "smtp-username": "idp",
    "smtp-password": "Hn4xR7vB",
    "sms-api-key": "abcd1234",
    "sms-api-secret": "Lk9sM2dF",
}


def containers(render, profile: str) -> Iterator[tuple[str, dict[str, Any], set[str]]]:
    """Yield the provider's containers by name, with the secrets that their pod mounts."""
    for name, spec in pods(render(profile, EVERYTHING if profile == "production" else {})):
        sources = [source for volume in spec["volumes"] for source in volume.get("projected", {}).get("sources", [])]
        mounted = {item["path"] for source in sources for item in source["secret"]["items"]}
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            if "env" in container:
                yield f"{name} {container['name']}", container, mounted


def settings_in(container: dict[str, Any], mounted: set[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Load the settings as the container's program does."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)
    for secret in mounted:
        (folder / secret).write_text(f"{SECRETS[secret]}\n")
    for entry in container["env"]:
        monkeypatch.setenv(entry["name"], entry["value"].replace(MOUNTED, str(folder)))
    assert misspelt_variables() == []
    return load_settings(os.environ["IDP_PROFILE"])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_program_takes_the_environment_of_each_pod(render, profile, tmp_path, monkeypatch):
    seen = 0
    for name, container, mounted in containers(render, profile):
        settings = settings_in(container, mounted, tmp_path, monkeypatch)
        assert settings.profile == profile, name
        assert settings.issuer_address == "https://login.example.com", name
        seen += 1
    assert seen >= {"production": 4}.get(profile, 1)


def test_each_secret_arrives_where_it_belongs(render, tmp_path, monkeypatch):
    for name, container, mounted in containers(render, "production"):
        assert mounted == set(SECRETS), name
        settings = settings_in(container, mounted, tmp_path, monkeypatch)
        arrived = {
            "master-secret": settings.master_secret,
            "master-secret-previous": settings.master_secret_previous,
            "database-url": settings.database_url,
            "database-direct-url": settings.database_direct_url,
            "database-replica-url": settings.database_replica_url,
            "redis-url": settings.redis_url,
            "smtp-password": settings.smtp_password,
            "sms-api-secret": settings.vonage_api_secret,
        }
        assert {secret: value.get_secret_value() for secret, value in arrived.items()}.items() <= SECRETS.items(), name
        assert (settings.smtp_username, settings.vonage_api_key) == (SECRETS["smtp-username"], SECRETS["sms-api-key"])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_program_knows_the_arguments_of_each_pod(render, profile):
    for name, container, _ in containers(render, profile):
        assert refusal(container["args"]) == "", name
