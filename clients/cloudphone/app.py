"""The cloud phone UI put together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from flask import Flask

from cloudphone import backchannel, csrf, health, pages, provider, refusals, security, sessions, signin, texts
from cloudphone.settings import Settings, from_environment
from cloudphone.store import Store


def create_app(settings: Settings | None = None, clock: Callable[[], float] = time.time) -> Flask:
    """Give the WSGI application; without `settings` they come from the environment (CLOUDPHONE_*).

    Raises: SettingsError.
    """
    settings = settings or from_environment(os.environ)
    app = Flask(__name__)
    store = Store(settings.data_dir)
    security.init_app(app, settings)
    provider.init_app(app, settings, store, clock)
    sessions.init_app(app, settings, store, clock)
    texts.init_app(app)
    signin.init_app(app)
    backchannel.init_app(app, store, clock)
    pages.init_app(app)
    refusals.init_app(app)
    health.init_app(app, store)
    app.jinja_env.globals.update(settings=settings, csrf_token=csrf.token)
    return app
