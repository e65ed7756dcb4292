"""From an app's request to a code: the request and its checks, pushed requests, consent, what has to happen next, codes.

Owns authorization requests, pushed requests, codes and consents. Asks `authn` whether the session will do; knows no pages. Start at
`checks.py` (the policy as one ordered table) and `next_step.py`; `validation.py` runs the table.
"""
