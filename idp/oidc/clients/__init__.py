"""Who may ask: registered clients (relying parties), protected resources, client authentication.

Owns clients with their secrets, resources and the store of used assertion ids. Knows nothing of requests for authorization or of
tokens. Start at `clients.py`; `metadata.py` is the one validator for command line, configuration and registration.
"""
