"""The environment variables of a container: those of its manifest and those that the sandbox adds; none of the sandbox's own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from kubernaut_sandbox.kubelet.pod_files import below
from kubernaut_sandbox.kubelet.references import config_data, config_key, field_value, resource_value
from kubernaut_sandbox.model.objects import Object, name_of
from kubernaut_sandbox.model.store import Store

_REFERENCE = re.compile(r"\$\$|\$\(([^)]+)\)")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def container_environment(store: Store, pod: Object, container: Object, base: dict[str, str]) -> dict[str, str]:
    """Return the complete environment; raise MissingReferenceError while something that it refers to does not exist."""
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
    return {**base, **given, **_host_paths(base, given)}


def base_environment(pod: Object, root: Path, interpreter: Path, host: str, port: int) -> dict[str, str]:
    """Return the variables that every container has; `host` and `port` are the API server's."""
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
    """Replace each `$(NAME)` whose NAME is known; `$$` becomes a single dollar."""
    return _REFERENCE.sub(lambda match: "$" if match[0] == "$$" else values.get(match[1], match[0]), text)


def _host_paths(base: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Return the path variables for the host: PATH starts with the interpreter; HOME and TMPDIR are below the root."""
    changed = {}
    if "PATH" in given:
        changed["PATH"] = f"{base['PATH'].partition(':')[0]}:{given['PATH']}"
    for name in ("HOME", "TMPDIR"):
        if name in given:
            directory = below(base["SANDBOX_POD_ROOT"], given[name])
            changed[name] = directory if os.path.isdir(directory) else base[name]  # noqa: PTH112 - false for what is no path
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
    data = config_key(store, pod, kind, source.get("configMapKeyRef") or source["secretKeyRef"])
    return None if data is None else data.decode(errors="replace")
