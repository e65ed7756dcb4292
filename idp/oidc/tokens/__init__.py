"""What clients hold: token families with their refresh and access tokens, ID tokens, and what they say.

Owns issuing, refreshing, revoking, introspecting and proving tokens, authorization details, claims, and which apps a session was
used with. Does not know how a grant came to be. Start at `grants.py` (the value) and `issue.py`.
"""
