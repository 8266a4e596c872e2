"""The forge's token: read from the environment once, and scrubbed from everything that leaves the process."""

from __future__ import annotations

import base64
import os
import string
from typing import ClassVar

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.scrubbing import Scrubber

TOKEN_VARIABLE = "KUBERNAUT_FORGE_TOKEN"  # noqa: S105 - the variable's name, not its value
CA_VARIABLE = "KUBERNAUT_FORGE_CA"
_MIN_LENGTH = 8
"""A shorter token could be a common word, and scrubbing that would garble every message."""
_ALLOWED = set(string.ascii_letters + string.digits + string.punctuation)


class Token:
    """A token that does not show in output."""

    _taken: ClassVar[str] = ""
    """What was removed from the environment: a process that runs both steps asks for it twice."""

    def __init__(self, value: str, user: str) -> None:
        self._value, self._user = value, user
        self._scrubber = Scrubber(value)

    @classmethod
    def from_environment(cls, user: str, secret: str) -> Token:
        """Remove the token from the environment, so that no other program inherits it, and return it.

        Raises Rejected if there is none; `secret` names its Secret in the message.
        """
        value = cls._taken = os.environ.pop(TOKEN_VARIABLE, "").strip() or cls._taken
        if not value:
            raise Rejected(f"there is no token: {secret} does not exist or is empty; create it with the forge's token")
        if set(value) - _ALLOWED or len(value) < _MIN_LENGTH:
            raise Rejected(
                f"{secret} does not contain a valid token: it is too short, or has spaces or characters that a header cannot contain"
            )
        return cls(value, user)

    def __repr__(self) -> str:
        return "Token(***)"

    @property
    def bearer(self) -> str:
        """The Authorization header for the forge's API."""
        return f"Bearer {self._value}"

    @property
    def basic(self) -> str:
        """The Authorization header for git over HTTP."""
        return "Basic " + base64.b64encode(f"{self._user}:{self._value}".encode()).decode()

    def scrub(self, text: str) -> str:
        """Return the text with `***` for every form of the token, and of each piece of it. Cut a text after that, not before."""
        return self._scrubber.scrub(text)
