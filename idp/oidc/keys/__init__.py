"""Signing keys of the provider: next, active, retired; one set for each algorithm.

Owns the key store, its rotation and what is published at the JWKS address, and all JOSE work (`jose.py` is the only import of
the JOSE library). Does not know what is signed. Start at `ring.py`.
"""
