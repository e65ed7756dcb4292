"""Mail and SMS: what they say (`templates/mail`, `templates/sms`) and how they leave.

Callers enqueue by `send_mail` and `send_sms` inside their own unit of work; texts are rendered at sending.
Start at `messages.py` (the table of templates), then `rendering.py` and the senders `mail.py`, `sms/vonage.py`, `demo.py`.
"""

from idp.messaging.forgetting import forget
from idp.messaging.messages import person, send_mail, send_sms
from idp.messaging.outcomes import note_outcome
from idp.messaging.senders import senders

__all__ = ["forget", "note_outcome", "person", "send_mail", "send_sms", "senders"]
