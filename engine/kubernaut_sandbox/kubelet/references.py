"""The values that a pod refers to: its own fields and resources, and keys of ConfigMaps and Secrets."""

from __future__ import annotations

import base64
import re
from math import ceil

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.model.objects import Object, dig, meta, namespace_of, spec_of
from kubernaut_sandbox.model.store import Store

_KEYED = re.compile(r"^metadata\.(labels|annotations)\['([^']+)'\]$")
_NODE_CPUS, _NODE_MEMORY = "2", "4Gi"


class MissingReferenceError(Exception):
    """Something that a pod refers to does not exist (yet)."""


def field_value(pod: Object, path: str) -> str:
    """Return a downward API field as text."""
    if keyed := _KEYED.match(path):
        return str((meta(pod).get(keyed[1]) or {}).get(keyed[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        values = meta(pod).get(path.partition(".")[2]) or {}
        return "\n".join(f'{key}="{value}"' for key, value in sorted(values.items()))
    value = dig(pod, path)
    return "" if value is None else str(value)


def resource_value(pod: Object, container: Object, reference: Object) -> str:
    """Return a container's request or limit in units of the divisor, rounded up; a missing limit is the node's capacity."""
    named = reference.get("containerName")
    if named:
        containers = (*(spec_of(pod).get("initContainers") or ()), *(spec_of(pod).get("containers") or ()))
        container = next((c for c in containers if c["name"] == named), container)
    kind, _, name = reference["resource"].partition(".")
    amount = ((container.get("resources") or {}).get(kind) or {}).get(name)
    if amount is None:
        amount = (_NODE_MEMORY if name == "memory" else _NODE_CPUS) if kind == "limits" else "0"
    divisor = parse_quantity(reference.get("divisor") or "1") or parse_quantity("1")
    return str(ceil(parse_quantity(amount) / divisor))


def config_data(store: Store, pod: Object, kind: str, name: str, *, optional: bool) -> dict[str, bytes]:
    """Return the data of a ConfigMap (`configmap`) or Secret (`secret`) in the pod's namespace.

    Raises MissingReferenceError when it does not exist, unless it is optional.
    """
    source = store.get(f"{kind}s", namespace_of(pod), name)
    if source is None:
        if optional:
            return {}
        raise MissingReferenceError(f'{kind} "{name}" not found')
    plain = {key: base64.b64decode(value) for key, value in (source.get("binaryData") or {}).items()}
    if kind == "secret":
        return plain | {key: base64.b64decode(value) for key, value in (source.get("data") or {}).items()}
    return plain | {key: value.encode() for key, value in (source.get("data") or {}).items()}


def config_key(store: Store, pod: Object, kind: str, reference: Object) -> bytes | None:
    """Return one key of a ConfigMap or Secret; None for an optional key that does not exist.

    Raises MissingReferenceError for any other key that does not exist.
    """
    optional = bool(reference.get("optional"))
    data = config_data(store, pod, kind, reference["name"], optional=optional)
    if reference["key"] in data:
        return data[reference["key"]]
    if optional:
        return None
    owner = "ConfigMap" if kind == "configmap" else "Secret"
    raise MissingReferenceError(
        f"couldn't find key {reference['key']} in {owner} {namespace_of(pod)}/{reference['name']}"
    )
