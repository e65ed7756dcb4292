"""The brand's logo comes from a file of the settings."""

from pathlib import Path

import pytest

from idp.errors import SettingsError
from idp.pages.assets import Assets
from idp.settings import Settings


@pytest.mark.parametrize(("name", "media_type"), [("Logo.SVG", "image/svg+xml"), ("logo.png", "image/png")])
def test_a_logo_is_served_from_the_providers_own_address(tmp_path: Path, name: str, media_type: str) -> None:
    (tmp_path / name).write_bytes(b"picture")
    assets = Assets(Settings(brand_logo=str(tmp_path / name)))
    assert (assets.get(assets.logo).plain, assets.get(assets.logo).media_type) == (b"picture", media_type)


@pytest.mark.parametrize(("name", "problem"), [("missing.svg", "cannot read"), ("logo.exe", "neither an SVG nor a PNG")])
def test_a_wrong_logo_is_one_clear_line(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=f"brand_logo: .*{problem}|brand_logo: {problem}"):
        Assets(Settings(brand_logo=str(tmp_path / name)))


def test_another_logo_changes_the_address_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(b"one")
    before = Assets(Settings(brand_logo=str(tmp_path / "logo.svg"))).version
    (tmp_path / "logo.svg").write_bytes(b"two")
    assert Assets(Settings(brand_logo=str(tmp_path / "logo.svg"))).version != before
