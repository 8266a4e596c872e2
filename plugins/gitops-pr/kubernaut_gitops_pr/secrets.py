"""The forge's token: taken from the environment once, and kept out of everything that leaves the process."""

from __future__ import annotations

import base64
import os
import string
from urllib.parse import quote

from kubernaut.runner import Rejected

TOKEN_VARIABLE = "KUBERNAUT_FORGE_TOKEN"  # noqa: S105 - the variable's name, not its value
CA_VARIABLE = "KUBERNAUT_FORGE_CA"
_SHORTEST = 8
"""Scrubbing a word of everyday language would garble every message."""
_ALLOWED = set(string.ascii_letters + string.digits + string.punctuation)


class Token:
    """A token that prints as nothing."""

    def __init__(self, value: str, user: str) -> None:
        self._value, self._user = value, user

    @classmethod
    def from_environment(cls, user: str, secret: str) -> Token:
        """Take the token out of the environment, so that no other program inherits it; `secret` says where it should be."""
        value = os.environ.pop(TOKEN_VARIABLE, "").strip()
        if not value:
            raise Rejected(f"there is no token: {secret} does not exist or is empty; create it with the forge's token")
        if set(value) - _ALLOWED or len(value) < _SHORTEST:
            raise Rejected(
                f"{secret} holds no token: it is too short, or has spaces or characters that no header may carry"
            )
        return cls(value, user)

    def __repr__(self) -> str:
        return "Token(***)"

    @property
    def bearer(self) -> str:
        """For the forge's API."""
        return f"Bearer {self._value}"

    @property
    def basic(self) -> str:
        """For git over HTTP."""
        return "Basic " + base64.b64encode(f"{self._user}:{self._value}".encode()).decode()

    def scrub(self, text: str) -> str:
        """The text without the token, in whichever of its forms."""
        forms = {self._value, quote(self._value, safe=""), self.basic.removeprefix("Basic ")}
        forms.add(base64.b64encode(self._value.encode()).decode())
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "***")
        return text
