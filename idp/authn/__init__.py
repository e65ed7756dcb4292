"""Proving who it is: passwords, PINs, throttling, the sign-in's steps, activations, sessions.

Knows accounts (`directory`), nothing of clients or tokens. Start at `signins.py`, the state machine of a sign-in, and
`sessions.py`; every PIN of the product goes through `pins.py`.
"""
