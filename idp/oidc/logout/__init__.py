"""Logout: asked for by an app through the browser, and told to all apps of an ended session.

Owns nothing but the wish; sessions belong to `authn`, their apps to `oidc.tokens`. Start at `rp_initiated.py` (RP-Initiated Logout
1.0), `backchannel.py` (Back-Channel Logout 1.0) and `frontchannel.py` (Front-Channel Logout 1.0).
"""
