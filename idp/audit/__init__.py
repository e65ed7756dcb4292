"""Who did what to whom: security-relevant events, refusals too.

Owns the audit log. Start at `log.py` (record, refused) and `events.py` (the names of events).
"""

from idp.audit.events import Event
from idp.audit.log import record, refused

__all__ = ["Event", "record", "refused"]
