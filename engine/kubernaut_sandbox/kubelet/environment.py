"""A container's environment: what its manifest says and what the sandbox adds, nothing of the caller's own."""

from __future__ import annotations

import re
from pathlib import Path

from kubernaut_sandbox.kubelet.references import config_data, config_key, field_value, resource_value
from kubernaut_sandbox.model.objects import Object, name_of
from kubernaut_sandbox.model.store import Store

_REFERENCE = re.compile(r"\$\$|\$\(([^)]+)\)")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def container_environment(store: Store, pod: Object, container: Object, base: dict[str, str]) -> dict[str, str]:
    """The complete environment; MissingReferenceError when it cannot be made yet."""
    given: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        kind = "configmap" if "configMapRef" in source else "secret"
        reference = source.get("configMapRef") or source["secretRef"]
        data = config_data(store, pod, kind, reference["name"], optional=bool(reference.get("optional")))
        given |= {f"{source.get('prefix', '')}{key}": value.decode(errors="replace") for key, value in data.items()}
    for variable in container.get("env") or ():
        value = _value(store, pod, container, variable)
        if value is not None:
            given[variable["name"]] = expand(value, {**base, **given}) if "value" in variable else value
    return {**base, **given, **_paths(base, given)}


def base_environment(pod: Object, root: Path, interpreter: Path, host: str, port: int) -> dict[str, str]:
    """What every container finds in its environment."""
    return {
        "PATH": f"{interpreter}:{_SYSTEM_PATH}",
        "HOME": str(root / "tmp"),
        "HOSTNAME": name_of(pod),
        "TMPDIR": str(root / "tmp"),
        "SANDBOX_POD_ROOT": str(root),
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": str(port),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(port),
    }


def expand(text: str, values: dict[str, str]) -> str:
    """`$(NAME)` replaced where NAME is known; `$$` is one dollar."""
    return _REFERENCE.sub(lambda found: "$" if found[0] == "$$" else values.get(found[1], found[0]), text)


def _paths(base: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """A PATH of the manifest's own still begins with the interpreter; HOME and TMPDIR mean places below the root."""
    changed = {}
    if "PATH" in given:
        changed["PATH"] = f"{base['PATH'].partition(':')[0]}:{given['PATH']}"
    for name in ("HOME", "TMPDIR"):
        if name in given:
            place = Path(base["SANDBOX_POD_ROOT"]) / given[name].lstrip("/")
            changed[name] = str(place if place.is_dir() else base[name])
    return changed


def _value(store: Store, pod: Object, container: Object, variable: Object) -> str | None:
    source = variable.get("valueFrom")
    if not source:
        return str(variable.get("value", ""))
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return resource_value(pod, container, source["resourceFieldRef"])
    kind = "configmap" if "configMapKeyRef" in source else "secret"
    found = config_key(store, pod, kind, source.get("configMapKeyRef") or source["secretKeyRef"])
    return None if found is None else found.decode(errors="replace")
