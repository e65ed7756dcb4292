"""Who exists: customers, contracts, accounts, roles, policies, invitations, access requests.

Owns everything known about people and firms but how they prove who they are (`authn`). Start at `accounts.py` (the values),
`invitations.py` and `provisioning.py` (the ordering system's document).
"""
