"""Is the process alive, and can it work? The provider's health is its own matter: without it this application still answers."""

from __future__ import annotations

import sqlite3

from flask import Flask, current_app

from cloudphone.store import Store


def init_app(app: Flask, store: Store) -> None:
    """Mount /health/live and /health/ready."""

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/health/ready")
    def ready() -> tuple[dict[str, str], int]:
        try:
            store.check()
        except sqlite3.Error:
            current_app.logger.exception("the session store cannot be used")
            return {"status": "the session store cannot be used"}, 503
        return {"status": "ok"}, 200
