"""An action's parameters as a caller gives them, checked and converted by the action's own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.admission.parameters import MAX_DEPTH, depth
from kubernaut.errors import InputError
from kubernaut.validation_errors import format_validation_error


def checked_parameters(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the types of the model, such as 3 for "3", and without defaults that were not given.

    Raises InputError naming the parameter and what it must be.
    """
    if depth(dict(given)) > MAX_DEPTH:
        raise InputError(f"parameters: they are nested more than {MAX_DEPTH} levels deep; no action needs that")
    try:
        return model.model_validate(given).model_dump(mode="json", include=set(given))
    except ValidationError as error:
        raise InputError(
            format_validation_error(error, "parameters", "parameter of this action", model.model_fields)
        ) from error
    except Exception as error:
        raise InputError(f"parameters: the action's own check raised {type(error).__name__}: {error}") from error
