"""SQL of authentication, one module per subject; each gives frozen values and takes a connection."""
