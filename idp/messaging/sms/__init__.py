"""How SMS leave: one module for each provider, and what fits into one SMS (`gsm7.py`)."""
