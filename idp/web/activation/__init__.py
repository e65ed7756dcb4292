"""The pages from a mail's link to a new password: activation and reset alike.

Start at `choosing.py` (the link and the password), then `confirming.py` (the PIN and the end).
"""

from idp.web.activation.setup import init_app

__all__ = ["init_app"]
