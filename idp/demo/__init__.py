"""The demo: its data, and the phone and mailbox in which its messages arrive.

`pages.py` shows what the demo transport delivered; there are no such pages where messages leave the house. `data.py` makes
customers, accounts and clients.
"""

from idp.demo.pages import init_app

__all__ = ["init_app"]
