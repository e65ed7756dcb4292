"""The API for machines that manage: the ordering system's customers, and the document that describes it.

Answers are JSON, failures problem details (RFC 9457). Start at `customers.py`; `problems.py` is where failures are translated.
"""

from idp.api.blueprint import init_app

__all__ = ["init_app"]
