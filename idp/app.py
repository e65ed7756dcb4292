"""The one place where the parts are put together."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from idp import crypto
from idp.clock import Clock, system_clock
from idp.database import configure_engines, db, prepare_sqlite
from idp.settings import Settings, load_settings, master_secret
from idp.unit_of_work import Handlers, Units

ROOT = Path(__file__).parent.parent

FACES: Sequence[str] = (
    "idp.pages",
    "idp.operations.request_log",
    "idp.operations.health",
    "idp.oidc.endpoints",
    "idp.web.signin",
    "idp.web.activation",
    "idp.web.selfservice",
    "idp.web.console",
    "idp.api",
    "idp.demo",
)


def create_app(settings: Settings | None = None, *, clock: Clock = system_clock) -> Flask:
    """Put the provider together on the database that the settings name. Raises: SettingsError."""
    chosen = settings or load_settings()
    secrets = crypto.Secrets(master_secret(chosen))
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    app = Flask("idp", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(configure_engines(chosen))
    app.extensions["idp.settings"] = chosen
    app.extensions["idp.secrets"] = secrets
    db.init_app(app)
    with app.app_context():
        writing, reading = db.engine, db.engines["read"]
    prepare_sqlite(writing, reading)
    app.extensions["idp.units"] = Units(writing, reading, chosen, secrets, clock, handlers())
    for face in FACES:
        module = importlib.import_module(face)
        if hasattr(module, "init_app"):
            module.init_app(app)
    return app


def handlers() -> Handlers:
    """Register what happens above when something happens below."""
    return {}
