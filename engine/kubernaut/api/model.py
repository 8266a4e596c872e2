"""What the models of the custom resource have in common: camelCase names in JSON, and text that is safe to show."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from kubernaut.printable import printable

Text = Annotated[str, AfterValidator(printable)]
"""Text that strangers may have written: recorded without anything that steers a terminal or deceives a reader."""


class CamelCase(BaseModel):
    """A part of the custom resource: snake_case in Python, camelCase in the API server."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    def to_json(self) -> dict[str, Any]:
        """Return it as the API server stores it: camelCase, without nulls."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
