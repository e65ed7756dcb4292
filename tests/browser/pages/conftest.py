"""Sample pages, served to a real Chromium."""

import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from idp import pages
from tests.conftest import SettableClock, closing_app, make_settings
from tests.http.pages.sample import machine_blueprint, sample_blueprint
from tests.servers import free_port


class Quiet(WSGIRequestHandler):
    """Logs no requests."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running provider that has the sample pages only; they keep nothing."""
    folder = tmp_path_factory.mktemp("pages")
    database = shutil.copyfile(sqlite_template, folder / "idp.sqlite3")
    port = free_port()
    issuer = f"http://localhost:{port}"
    settings = make_settings(f"sqlite:///{database}", folder, issuer=issuer, brand_imprint_url=f"{issuer}/imprint")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("idp.app.FACES", (pages.init_app,))
        opened = closing_app(settings, SettableClock())
    with opened as app:
        app.register_blueprint(sample_blueprint())
        app.register_blueprint(machine_blueprint())
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        said = logging.getLogger("idp.requests")
        before = said.level
        said.setLevel(logging.WARNING)  # nobody captures what a thread says between two tests
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            said.setLevel(before)
