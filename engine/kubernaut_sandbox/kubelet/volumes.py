"""Volumes, as directories of the pod, and mounts, as links to them below a container's root."""

from __future__ import annotations

import errno
from pathlib import Path

from kubernaut_sandbox.access.tokens import Tokens
from kubernaut_sandbox.kubelet.pod_files import PodFiles, below
from kubernaut_sandbox.kubelet.references import MissingReferenceError, config_data, field_value, resource_value
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, spec_of, status_of, uid_of
from kubernaut_sandbox.model.store import Store

DIRECTORY = "volumes"
"""Below the directory of a pod."""


class Volumes:
    """Writes the volumes of pods."""

    def __init__(self, store: Store, tokens: Tokens, token_seconds: int, persistent: Path) -> None:
        self._store, self._tokens, self._token_seconds = store, tokens, token_seconds
        self._persistent = persistent

    def write(self, pod: Object, files: PodFiles) -> None:
        """Write every volume; raise MissingReferenceError while one cannot be written, as while what it needs does not exist."""
        for volume in spec_of(pod).get("volumes") or ():
            directory = f"{DIRECTORY}/{volume['name']}"
            try:
                if volume.get("persistentVolumeClaim"):
                    files.link(directory, str(self._claimed(pod, volume["persistentVolumeClaim"]["claimName"])))
                    continue
                files.make_directory(directory)
                for name, content in self._files(pod, volume).items():
                    files.replace(f"{directory}/{name}", content)
            except MissingReferenceError as error:
                raise MissingReferenceError(f'volume "{volume["name"]}" : {error}') from error
            except OSError as error:
                reason = f"{error.filename}: {error.strerror}"
                raise MissingReferenceError(f'volume "{volume["name"]}" : {reason}') from error

    def _files(self, pod: Object, volume: Object) -> dict[str, bytes]:
        if source := volume.get("projected"):
            files: dict[str, bytes] = {}
            for part in source.get("sources") or ():
                files |= self._projected(pod, part)
            return files
        if source := volume.get("configMap"):
            return self._selected_keys(pod, "configmap", source, source["name"])
        if source := volume.get("secret"):
            return self._selected_keys(pod, "secret", source, source["secretName"])
        if source := volume.get("downwardAPI"):
            return _downward(pod, source)
        return {}

    def _claimed(self, pod: Object, name: str) -> Path:
        """Return the directory of a claim's volume, which outlives the pod."""
        claim = self._store.get("persistentvolumeclaims", namespace_of(pod), name)
        if claim is None:
            raise MissingReferenceError(f'persistentvolumeclaim "{name}" not found')
        if status_of(claim).get("phase") != "Bound":
            raise MissingReferenceError(f'persistentvolumeclaim "{name}" is not bound')
        volume = self._store.get("persistentvolumes", "", spec_of(claim).get("volumeName") or "")
        if volume is None or (spec_of(volume).get("claimRef") or {}).get("uid") != uid_of(claim):
            raise MissingReferenceError(f'persistentvolumeclaim "{name}" is not bound to a volume')
        directory = self._persistent / name_of(volume)
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def _projected(self, pod: Object, part: Object) -> dict[str, bytes]:
        if source := part.get("serviceAccountToken"):
            return {source["path"]: self._token(pod, source)}
        if source := part.get("configMap"):
            return self._selected_keys(pod, "configmap", source, source["name"])
        if source := part.get("secret"):
            return self._selected_keys(pod, "secret", source, source["name"])
        return _downward(pod, part.get("downwardAPI") or {})

    def _token(self, pod: Object, source: Object) -> bytes:
        name = spec_of(pod).get("serviceAccountName", "default")
        account = self._store.get("serviceaccounts", namespace_of(pod), name)
        if account is None:
            raise MissingReferenceError(f'serviceaccount "{name}" not found')
        audiences = (source["audience"],) if source.get("audience") else ()
        seconds = min(source.get("expirationSeconds", self._token_seconds), self._token_seconds)
        return self._tokens.issue(account, seconds, pod, audiences).encode()

    def _selected_keys(self, pod: Object, kind: str, source: Object, name: str) -> dict[str, bytes]:
        optional = bool(source.get("optional"))
        data = config_data(self._store, pod, kind, name, optional=optional)
        if not source.get("items"):
            return data
        missing = [item["key"] for item in source["items"] if item["key"] not in data]
        if missing and not optional:
            raise MissingReferenceError(f"references non-existent {kind} key: {missing[0]}")
        return {item["path"]: data[item["key"]] for item in source["items"] if item["key"] in data}


def mount(container: Object, root: str, files: PodFiles) -> None:
    """Link the container's mounts below its root.

    Raises MissingReferenceError for a subPath that leads out of its volume, and OSError for a place that leads out of the pod's files.
    """
    mounts = [(below(root, entry["mountPath"]), entry) for entry in container.get("volumeMounts") or ()]
    for place, entry in sorted(mounts, key=lambda mount: mount[0]):
        if place == root:
            raise OSError(errno.EINVAL, "the root of a container cannot be a mount", entry["mountPath"])
        files.link(place, _source(container, entry, files))


def _source(container: Object, entry: Object, files: PodFiles) -> str:
    volume = f"{DIRECTORY}/{entry['name']}"
    if not entry.get("subPath"):
        return volume
    try:
        return files.resolve(volume, entry["subPath"])
    except OSError as error:
        mount_of = f'volumeMount "{entry["name"]}" of container "{container["name"]}"'
        raise MissingReferenceError(f"failed to prepare subPath for {mount_of}") from error


def _downward(pod: Object, source: Object) -> dict[str, bytes]:
    files = {}
    for item in source.get("items") or ():
        if reference := item.get("fieldRef"):
            text = field_value(pod, reference["fieldPath"])
        else:
            text = resource_value(pod, {}, item["resourceFieldRef"])
        files[item["path"]] = text.encode()
    return files
