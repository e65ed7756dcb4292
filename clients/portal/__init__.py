"""The customer portal: a relying app that signs people in at the identity provider.

Owns its pages, its sessions and its demo data; knows nothing of the provider but what discovery says.
Start reading at `app.py`; the OpenID part is `provider.py`, `signin.py` and `backchannel.py`.
"""
