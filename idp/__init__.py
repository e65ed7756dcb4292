"""An OpenID Connect identity provider for the business customers of a telecommunications carrier.

Start reading at `app.py`, the one place where the parts are put together; `docs/map.md` names every folder.
"""
