"""SQL of clients, one module for each subject; each function takes a connection."""
