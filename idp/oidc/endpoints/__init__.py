"""The protocol's URLs, one thin module each; start at `setup.py`."""

from idp.oidc.endpoints.setup import init_app

__all__ = ["init_app"]
