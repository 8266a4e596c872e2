"""The syntax of names, labels and keys, and what Kubernetes says about those that are not valid (apimachinery, util/validation)."""

from __future__ import annotations

import re

_LABEL_REGEX = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_REGEX = rf"{_LABEL_REGEX}(\.{_LABEL_REGEX})*"
_VALUE_REGEX = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_QUALIFIED_REGEX = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    f"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL_REGEX}')"
)
SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    f"with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN_REGEX}')"
)
_VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    f"with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_VALUE_REGEX}')"
)
_QUALIFIED_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED_REGEX}')"
)
_QUALIFIED_SHAPE_MESSAGE = (
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED_REGEX}') with an "
    "optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)


def name_errors(name: str, *, subdomain: bool) -> list[str]:
    """Return what is wrong with a name that has to be a DNS subdomain, or else a DNS label."""
    limit, regex, message = (
        (253, _SUBDOMAIN_REGEX, SUBDOMAIN_MESSAGE) if subdomain else (63, _LABEL_REGEX, LABEL_MESSAGE)
    )
    errors = [f"must be no more than {limit} bytes"] if len(name) > limit else []
    return errors if re.fullmatch(regex, name) else [*errors, message]


def label_value_errors(value: str) -> list[str]:
    """Return what is wrong with the value of a label."""
    errors = ["must be no more than 63 bytes"] if len(value) > 63 else []
    return errors if re.fullmatch(_VALUE_REGEX, value) else [*errors, _VALUE_MESSAGE]


def qualified_name_errors(key: str) -> list[str]:
    """Return what is wrong with a key that has to be `name` or `prefix/name`."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return [_QUALIFIED_SHAPE_MESSAGE]
    errors = []
    if slash and not re.fullmatch(_SUBDOMAIN_REGEX, prefix):
        errors.append(f"prefix part {SUBDOMAIN_MESSAGE}")
    if not name:
        errors.append("name part must be non-empty")
    if len(name) > 63:
        errors.append("name part must be no more than 63 bytes")
    if not re.fullmatch(_QUALIFIED_REGEX, name):
        errors.append(_QUALIFIED_MESSAGE)
    return errors
