"""What people do for themselves: without being signed in (forgotten password, request for an account, confirming a new address), and
signed in under »Mein Konto« (apps with access, running sessions).

Start at `forgotten.py`, `access.py`, `contact.py`, and `person.py` with `apps.py` and `places.py`: one file per subject.
"""

from idp.web.selfservice.setup import init_app

__all__ = ["init_app"]
