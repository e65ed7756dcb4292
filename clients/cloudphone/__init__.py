"""The cloud phone UI: a relying app that is opened for exactly one contract at a time.

Owns its pages and sessions and the grants of each session; knows nothing of the provider but what discovery says.
Start reading at `app.py`; the OpenID part is `provider.py`, `signin.py`, `grants.py` and `backchannel.py`.
"""
