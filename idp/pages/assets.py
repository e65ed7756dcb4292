"""Style sheets, scripts and the logo as ready bytes, compressed once, under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from idp.errors import SettingsError
from idp.pages import brand
from idp.pages.icons import BOOTSTRAP
from idp.settings import Settings

OWN = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent; compressed only where that helps."""

    media_type: str
    plain: bytes
    compressed: bytes | None
    tag: str


class Assets:
    """All files of one installation; `version` names their content, so that browsers may keep them forever. Raises: SettingsError."""

    def __init__(self, settings: Settings) -> None:
        files = {file.name: file.read_bytes() for file in sorted(OWN.iterdir()) if file.is_file()}
        files["bootstrap.css"] = _without_source_map((BOOTSTRAP / "css" / "bootstrap.min.css").read_bytes())
        files["brand.css"] = brand.style_sheet(settings.brand_color).encode()
        files["mark.svg"] = brand.mark(settings.brand_color).encode()
        self.logo = ""
        if settings.brand_logo:
            self.logo = "logo" + Path(settings.brand_logo).suffix.lower()
            files[self.logo] = _logo(Path(settings.brand_logo))
        self._files = {name: _ready(name, content) for name, content in files.items()}
        self.version = hashlib.sha256(b"".join(name.encode() + files[name] for name in sorted(files))).hexdigest()[:12]

    def get(self, name: str) -> Asset:
        """Give one file. Raises: NotFound."""
        found = self._files.get(name)
        if found is None:
            raise NotFound
        return found

    def address(self, name: str) -> str:
        """Tell the address under which a page names the file. Raises: NotFound."""
        self.get(name)
        return f"{request.script_root}/static/{self.version}/{name}"  # building it by the route costs a page ten times as much

    def send(self, version: str, name: str) -> Response:
        """Send a file. Another version's address still answers (two run during an upgrade), but is not kept. Raises: NotFound."""
        asset = self.get(name)
        zipped = asset.compressed if request.accept_encodings["gzip"] > 0 else None
        response = Response(zipped or asset.plain, content_type=asset.media_type)
        if zipped:
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        response.headers["Cache-Control"] = FOREVER if version == self.version else A_MINUTE
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        response.set_etag(asset.tag + ("-gz" if zipped else ""))
        response.make_conditional(request)
        return response


def init_app(app: Flask, assets: Assets) -> None:
    """Serve the files."""
    app.add_url_rule("/static/<version>/<name>", "assets", assets.send)
    app.jinja_env.globals.update(asset=assets.address, logo=assets.logo)


def _logo(file: Path) -> bytes:
    """Read the brand's logo. Raises: SettingsError."""
    if file.suffix.lower() not in (".svg", ".png"):
        raise SettingsError(f"brand_logo: {file} is neither an SVG nor a PNG file")
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"brand_logo: cannot read {file}: {error.strerror}") from error


def _ready(name: str, content: bytes) -> Asset:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    zipped = gzip.compress(content, 9, mtime=0)
    return Asset(media_type, content, zipped if len(zipped) < len(content) else None, hashlib.sha256(content).hexdigest()[:16])


def _without_source_map(css: bytes) -> bytes:
    """Drop the comment that makes browsers ask for a file that is not served."""
    return re.sub(rb"/\*# sourceMappingURL=.*?\*/", b"", css)
