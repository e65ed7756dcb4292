"""Durable jobs and the worker's loop: claim (transaction), send (none), record (transaction).

Owns the table of jobs. Knows nothing of what a job means: senders are registered by kind in `app.py`.
Start at `jobs.py` (enqueue, cancel, move, look) and `worker.py` (the loop).
"""
