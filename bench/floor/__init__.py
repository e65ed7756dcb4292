"""The least that each operation can cost here: one signature, one hash, the database work it cannot avoid, and an empty view.

A bare Flask application on the same server, with statements built once, one connection for each thread and no checks at all.
"""
