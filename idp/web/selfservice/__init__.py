"""What people do for themselves without being signed in: forgotten password, request for an account, confirming a new address.

Start at `forgotten.py`, `access.py`, `contact.py`: one file per subject.
"""

from idp.web.selfservice.setup import init_app

__all__ = ["init_app"]
