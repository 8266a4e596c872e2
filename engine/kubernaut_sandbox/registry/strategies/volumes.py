"""Validation of volumes and of where containers mount them.

The rules, fields and messages are those of Kubernetes (pkg/apis/core/validation), which does not look for `..` in a mountPath or a
terminationMessagePath: kubelets resolve both in the root of the container.
"""

from __future__ import annotations

from kubernaut_sandbox.model.names import name_causes
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required

_VOLUME_TYPES = ("emptyDir", "secret", "downwardAPI", "configMap", "projected", "persistentVolumeClaim")
_NAME_FIELDS = {"configMap": "name", "secret": "secretName"}
_MIN_TOKEN_SECONDS, _MAX_TOKEN_SECONDS = 600, 2**32
_MAX_MODE = 0o777


def volume_causes(volumes: list[Object], at: str) -> tuple[set[str], list[Cause]]:
    """Return the names that containers can mount, and a cause for every invalid field.

    Raises ApiError for a type of volume that the sandbox's kubelet cannot provide.
    """
    names: set[str] = set()
    causes: list[Cause] = []
    for index, volume in enumerate(volumes):
        unknown = [source for source in volume if source != "name" and source not in _VOLUME_TYPES]
        if unknown:
            raise not_implemented(f"volumes of type {unknown[0]}: there are {', '.join(_VOLUME_TYPES)}")
        place, name = f"{at}[{index}]", volume.get("name") or ""
        found = _source_causes(volume, place)
        found += name_causes(f"{place}.name", name, subdomain=False) if name else [required(f"{place}.name")]
        if name in names:
            found.append(Cause(f"{place}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate"))
        if not found:
            names.add(name)
        causes += found
    return names, causes


def mount_causes(mounts: list[Object], volumes: set[str], at: str) -> list[Cause]:
    """Return a cause for every invalid mount. As in Kubernetes, the field of a bad subPath has no index."""
    causes: list[Cause] = []
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        place, name, path = f"{at}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            causes.append(required(f"{place}.name"))
        if name not in volumes:
            causes.append(Cause(f"{place}.name", f'Not found: "{name}"', "FieldValueNotFound"))
        if not path:
            causes.append(required(f"{place}.mountPath"))
        if path in paths:
            causes.append(invalid_value(f"{place}.mountPath", path, "must be unique"))
        paths.add(path)
        if mount.get("subPath"):
            causes += _descending_causes(mount["subPath"], f"{at}.subPath")
        if mount.get("subPathExpr"):
            raise not_implemented("subPathExpr: use subPath")
    return causes


def _source_causes(volume: Object, at: str) -> list[Cause]:
    sources = [source for source in _VOLUME_TYPES if volume.get(source) is not None]
    if not sources:
        return [required(at, "must specify a volume type")]
    causes = [
        Cause(f"{at}.{source}", "Forbidden: may not specify more than 1 volume type", "FieldValueForbidden")
        for source in sources[1:]
    ]
    source, content = sources[0], volume[sources[0]]
    if source == "persistentVolumeClaim":
        return causes + ([] if content.get("claimName") else [required(f"{at}.{source}.claimName")])
    if source != "emptyDir":
        causes += _mode_causes(content.get("defaultMode"), f"{at}.{source}.defaultMode")
    if source in _NAME_FIELDS:
        causes += _config_causes(content, _NAME_FIELDS[source], f"{at}.{source}")
    elif source == "downwardAPI":
        for item in content.get("items") or ():
            causes += _downward_causes(item, f"{at}.{source}")
    elif source == "projected":
        causes += _projected_causes(content.get("sources") or [], f"{at}.{source}")
    return causes


def _config_causes(source: Object, name_field: str, at: str) -> list[Cause]:
    causes = [] if source.get(name_field) else [required(f"{at}.{name_field}")]
    for index, item in enumerate(source.get("items") or ()):
        place = f"{at}.items[{index}]"
        if not item.get("key"):
            causes.append(required(f"{place}.key"))
        causes += _path_causes(item.get("path") or "", f"{place}.path")
        causes += _mode_causes(item.get("mode"), f"{place}.mode")
    return causes


def _downward_causes(item: Object, at: str) -> list[Cause]:
    causes = _path_causes(item.get("path") or "", f"{at}.path")
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field and resource:
        detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
        causes.append(invalid_value(at, "resource", detail))
    elif not field and not resource:
        causes.append(required(at, "one of fieldRef and resourceFieldRef is required"))
    elif resource and not resource.get("containerName"):
        causes.append(required(f"{at}.resourceFieldRef.containerName"))
    return causes + _mode_causes(item.get("mode"), f"{at}.mode")


def _projected_causes(sources: list[Object], at: str) -> list[Cause]:
    causes: list[Cause] = []
    paths: set[str] = set()
    for index, source in enumerate(sources):
        place = f"{at}.sources[{index}]"
        given = [part for part in source if source[part] is not None]
        for part in given:
            content = source[part]
            if part in ("configMap", "secret"):
                causes += _config_causes(content, "name", f"{place}.{part}")
            elif part == "downwardAPI":
                for item in content.get("items") or ():
                    causes += _downward_causes(item, f"{place}.{part}")
            elif part == "serviceAccountToken":
                causes += _token_causes(content, at, f"{place}.{part}")
            else:
                raise not_implemented(f"{part} in a projected volume")
            if part != "serviceAccountToken":
                causes += _duplicate_causes(content, paths, at)
        if len(given) > 1:
            detail = "Forbidden: may not specify more than 1 volume type per source"
            causes.append(Cause(place, detail, "FieldValueForbidden"))
    return causes


def _token_causes(token: Object, volume: str, at: str) -> list[Cause]:
    """Return the causes for a token. As in Kubernetes, its path is reported as one of the volume."""
    causes, seconds = [], token.get("expirationSeconds")
    if seconds is not None and seconds < _MIN_TOKEN_SECONDS:
        detail = "may not specify a duration less than 10 minutes"
        causes.append(invalid_value(f"{at}.expirationSeconds", seconds, detail))
    if seconds is not None and seconds > _MAX_TOKEN_SECONDS:
        detail = "may not specify a duration larger than 2^32 seconds"
        causes.append(invalid_value(f"{at}.expirationSeconds", seconds, detail))
    return causes + _path_causes(token.get("path") or "", f"{volume}.path")


def _duplicate_causes(content: Object, paths: set[str], at: str) -> list[Cause]:
    causes = []
    for item in content.get("items") or ():
        path = item.get("path") or ""
        if path and path in paths:
            causes.append(invalid_value(at, content.get("name") or path, "conflicting duplicate paths"))
        paths.add(path)
    return causes


def _path_causes(path: str, at: str) -> list[Cause]:
    """Return the causes for a path that is not below its volume, or that kubelets keep for themselves."""
    causes = [] if path else [required(at)]
    causes += _descending_causes(path, at)
    if path.startswith("..") and not path.startswith("../"):
        causes.append(invalid_value(at, path, "must not start with '..'"))
    return causes


def _descending_causes(path: str, at: str) -> list[Cause]:
    causes = [invalid_value(at, path, "must be a relative path")] if path.startswith("/") else []
    if ".." in path.split("/"):
        causes.append(invalid_value(at, path, "must not contain '..'"))
    return causes


def _mode_causes(mode: int | None, at: str) -> list[Cause]:
    if mode is None or 0 <= mode <= _MAX_MODE:
        return []
    return [invalid_value(at, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
