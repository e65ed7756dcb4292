"""Durable jobs and the worker's loop: claim (transaction), send (none), record (transaction).

Owns the table of jobs. Knows nothing of what a job means: senders are registered by kind in `app.py`.
Start at `jobs.py` (enqueue, cancel, move, look), then `delivery.py` (the three phases) and `worker.py` (the loop).
"""

from idp.outbox.events import JobFinished
from idp.outbox.jobs import cancel, enqueue, move, state_of, states_of
from idp.outbox.periodic import Periodic
from idp.outbox.states import JobState

__all__ = ["JobFinished", "JobState", "Periodic", "cancel", "enqueue", "move", "state_of", "states_of"]
