"""Sample pages, served to a real Chromium."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.conftest import SettableClock, closing_app, make_settings
from tests.http.pages.sample import machine_blueprint, sample_blueprint


@pytest.fixture
def address(sqlite_url: str, tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a running provider that has the sample pages only."""
    monkeypatch.setattr("idp.app.FACES", ("idp.pages",))
    port = free_port()
    issuer = f"http://localhost:{port}"
    settings = make_settings(sqlite_url, tmp_path, issuer=issuer, brand_imprint_url=f"{issuer}/imprint")
    with closing_app(settings, SettableClock()) as app:
        app.register_blueprint(sample_blueprint())
        app.register_blueprint(machine_blueprint())
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
