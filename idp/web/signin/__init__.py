"""The pages of a sign-in: they render its steps and decide nothing.

Start at `steps.py` (one view per step) and `answers.py` (which page a step is); `entry.py` holds /signin and the front door.
"""

from idp.web.signin.setup import init_app

__all__ = ["init_app"]
