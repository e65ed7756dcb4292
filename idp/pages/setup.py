"""Puts the parts of this package together, in the order in which a request passes them."""

from typing import cast

from flask import Flask

from idp.pages import assets, cookies, csrf, failures, headers, hosts, language, limits, lists, render, request_number
from idp.pages.machines import for_pages_alone
from idp.pages.networks import Networks
from idp.unit_of_work import Units

_LARGEST_BODY = 64 * 1024
_MOST_FIELDS = 200


def init_app(app: Flask) -> None:
    """Make the application answer with our pages; needs `app.extensions["idp.units"]`."""
    units = cast("Units", app.extensions["idp.units"])
    settings = units.settings
    app.config.update(MAX_CONTENT_LENGTH=_LARGEST_BODY, MAX_FORM_MEMORY_SIZE=_LARGEST_BODY, MAX_FORM_PARTS=_MOST_FIELDS)
    headers.init_app(app, settings)
    app.extensions["idp.networks"] = Networks(settings, units.secrets)
    request_number.init_app(app)
    hosts.init_app(app, settings)
    with for_pages_alone(app):
        cookies.init_app(app, settings)
        language.init_app(app, settings)
        limits.init_app(app, settings)
        csrf.init_app(app)
        lists.init_app(app, settings)
    assets.init_app(app, assets.Assets(settings))
    render.init_app(app, settings)
    failures.init_app(app)
