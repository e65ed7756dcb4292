"""A worker as a process of its own, on the settings of its environment: `python -m tests.http.messaging.worker_process`."""

import threading

from idp.app import create_app, worker_of
from idp.settings import load_settings

if __name__ == "__main__":
    worker_of(create_app(load_settings("small"))).run(threading.Event())
