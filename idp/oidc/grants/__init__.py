"""What a client can present at the token endpoint: one file for each grant, put on Authlib's frame (`token_grant.py`).

Does not authenticate clients and does not sign: the endpoint has done the one before, and does the other after the commit.
"""
