"""The network of a caller as log lines name it: by a keyed hash, so that lines of one caller are found and nobody is, or as it is."""

import hmac
from functools import lru_cache
from hashlib import sha256

from idp.authn.throttling import network_of
from idp.crypto import Secrets
from idp.settings import Settings

__all__ = ["Networks"]


class Networks:
    """Names networks in the way of one installation."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._key = secrets.present.key("log-network")  # of the master secret: no line may need the database
        self.name = lru_cache(4096)(self._hashed if settings.log_networks == "hashed" else network_of)

    def _hashed(self, address: str | None) -> str:
        return hmac.new(self._key, network_of(address).encode(), sha256).hexdigest()[:16]
