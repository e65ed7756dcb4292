"""Who did what to whom: security-relevant events, refusals too.

Owns the audit log. Start at `log.py` (record, refused) and `events.py` (the names of events); `query.py` reads, `sealing.py`
keeps the past from being changed unseen, `retention.py` deletes what was kept long enough.
"""

from idp.audit.entries import Entry, Wanted
from idp.audit.erasing import erase_details
from idp.audit.events import Event
from idp.audit.log import record, refused
from idp.audit.retention import delete_expired
from idp.audit.sealing import Verification, seal, verify

__all__ = ["Entry", "Event", "Verification", "Wanted", "delete_expired", "erase_details", "record", "refused", "seal", "verify"]
