"""Reading a request's JSON body, strictly: one document, declared as JSON, UTF-8, no name twice, of bounded size."""

import json
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from idp.api.problems import Unreadable, WrongMediaType
from idp.directory.errors import InvalidFields
from idp.errors import InvalidField
from idp.texts import Text, text

Model = TypeVar("Model", bound=BaseModel)
LARGEST_BODY = 1024 * 1024

_UNKNOWN_PROBLEM = text("Please check this entry.")
_PROBLEMS: dict[str, Text] = {
    "missing": text("This entry is missing."),
    "extra_forbidden": text("This entry is not known here."),
    "string_type": text("This must be text."),
    "string_unicode": text("This entry has characters that are not possible."),
    "bool_type": text("This must be true or false."),
    "list_type": text("This must be a list."),
    "tuple_type": text("This must be a list."),
    "model_type": text("This must be an object."),
    "model_attributes_type": text("This must be an object."),
    "dict_type": text("This must be an object."),
    "string_too_long": text("This entry is too long."),
    "too_long": text("This list is too long."),
}


def read_json() -> Any:
    """Read the body. Raises: WrongMediaType, Unreadable, RequestEntityTooLarge."""
    if not request.is_json:
        raise WrongMediaType(request.mimetype)
    request.max_content_length = LARGEST_BODY
    try:
        return json.loads(request.get_data().decode("utf-8"), object_pairs_hook=_each_name_once, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Unreadable("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except ValueError as error:
        raise Unreadable("The body holds a number that is too large.") from error
    except RecursionError as error:
        raise Unreadable("The body is nested too deeply.") from error


def read_as(model: type[Model]) -> Model:
    """Read the body as a document of a kind. Raises: as `read_json`, InvalidFields with a path for each problem."""
    try:
        return model.model_validate(read_json())
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidFields(
            tuple(InvalidField(".".join(map(str, one["loc"])), _PROBLEMS.get(one["type"], _UNKNOWN_PROBLEM), one["type"]) for one in found)
        ) from None


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise Unreadable("An object has the same name twice.")
    return named


def _refuse_constant(constant: str) -> NoReturn:
    raise Unreadable(f"{constant} is no JSON value.")
