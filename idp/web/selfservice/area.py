"""The blueprint of self-service; each subject hangs its views on it."""

from flask import Blueprint

blueprint = Blueprint("selfservice", __name__)
