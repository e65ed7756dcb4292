"""/demo/mailbox and /demo/phone: what would have reached the people's own mail program and telephone."""

from typing import cast

from flask import Blueprint, Flask, Response, make_response, request, url_for

from idp.messaging import demo
from idp.pages import headers
from idp.pages.render import render
from idp.unit_of_work import Units, read_work

SHOWN = 50

# A mail brings inline styles and may not do anything but be read; its links open in the whole window.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups allow-top-navigation-by-user-activation"
)

blueprint = Blueprint("demo", __name__, url_prefix="/demo")


def init_app(app: Flask) -> None:
    """Put the pages in where the demo transport delivers."""
    settings = cast("Units", app.extensions["idp.units"]).settings
    if "demo" in (settings.mail_sender, settings.sms_sender):
        app.register_blueprint(blueprint)


@blueprint.get("/mailbox")
def mailbox() -> Response:
    """List the mails, newest first, of everybody or of the address `to`."""
    to = request.args.get("to", "")
    with read_work() as work:
        mails = demo.messages(work, to, "mail", limit=SHOWN)
    return render("demo/mailbox.html", mails=mails, to=to)


@blueprint.get("/mailbox/<int(max=2147483647):message_id>")
def mail(message_id: int) -> Response:
    """Show a mail as a mail program does, and its plain text."""
    with read_work() as work:
        message = demo.mail(work, message_id)
    headers.allow_frame(url_for("demo.mail_html", message_id=message_id, _external=True))
    headers.hide_address()
    return render("demo/mail.html", message=message)


@blueprint.get("/mailbox/<int(max=2147483647):message_id>/html")
def mail_html(message_id: int) -> Response:
    """Give the mail's HTML alone, for the frame in its page."""
    with read_work() as work:
        message = demo.mail(work, message_id)
    response = make_response((message.html or "").replace("<head>", '<head><base target="_top">', 1))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    headers.hide_address()
    return response


@blueprint.get("/phone")
def phone() -> Response:
    """List the SMS, newest first, of everybody or of the number `to`."""
    to = request.args.get("to", "")
    with read_work() as work:
        messages = demo.messages(work, to, "sms", limit=SHOWN)
    return render("demo/phone.html", messages=messages, to=to)
