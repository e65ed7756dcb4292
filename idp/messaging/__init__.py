"""Mail and SMS: what they say (`templates/mail`, `templates/sms`) and how they leave.

Callers enqueue by `send_mail` and `send_sms` inside their own unit of work; texts are rendered at sending. Start at `messages.py`.
"""
