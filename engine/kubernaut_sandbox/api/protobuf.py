"""A decoder for the Kubernetes protobuf that kubectl writes: its `create` and `auth` commands send no other format.

It knows the fields that those commands fill, and rejects any other, so that nothing is lost silently. Field numbers are those
of the API's generated.proto files.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from kubernaut_sandbox.api.protobuf_wire import as_bytes, as_signed, read_fields
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError, bad_request

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_Fields = dict[int, tuple[str, str]]
"""Field number to name and type.

A type is `text`, `number`, `flag`, `bytes`, `raw`, `time`, `quantity`, `skip` or the name of a message. The prefix `*` marks a
repeated field, `%` a map with text keys.
"""


def _kind_fields(**parts: str) -> _Fields:
    """Return the fields of a kind: metadata is number 1, the others are given as `name="number type"`."""
    fields: _Fields = {1: ("metadata", "ObjectMeta")}
    for name, number_and_type in parts.items():
        number, _, type_name = number_and_type.partition(" ")
        fields[int(number)] = (name, type_name)
    return fields


_MESSAGES: dict[str, _Fields] = {
    "ObjectMeta": {
        1: ("name", "text"),
        2: ("generateName", "text"),
        3: ("namespace", "text"),
        4: ("selfLink", "text"),
        5: ("uid", "text"),
        6: ("resourceVersion", "text"),
        7: ("generation", "number"),
        8: ("creationTimestamp", "time"),
        11: ("labels", "%text"),
        12: ("annotations", "%text"),
        14: ("finalizers", "*text"),
    },
    "Namespace": _kind_fields(spec="2 Empty", status="3 skip"),
    "ConfigMap": _kind_fields(data="2 %text", binaryData="3 %bytes", immutable="4 flag"),
    "Secret": _kind_fields(data="2 %bytes", type="3 text", stringData="4 %text", immutable="5 flag"),
    "ServiceAccount": _kind_fields(automountServiceAccountToken="4 flag"),
    "ResourceQuota": _kind_fields(spec="2 ResourceQuotaSpec", status="3 skip"),
    "ResourceQuotaSpec": {1: ("hard", "%quantity")},
    "Role": _kind_fields(rules="2 *PolicyRule"),
    "ClusterRole": _kind_fields(rules="2 *PolicyRule"),
    "PolicyRule": {
        1: ("verbs", "*text"),
        2: ("apiGroups", "*text"),
        3: ("resources", "*text"),
        4: ("resourceNames", "*text"),
        5: ("nonResourceURLs", "*text"),
    },
    "RoleBinding": _kind_fields(subjects="2 *Subject", roleRef="3 RoleRef"),
    "ClusterRoleBinding": _kind_fields(subjects="2 *Subject", roleRef="3 RoleRef"),
    "Subject": {1: ("kind", "text"), 2: ("apiGroup", "text"), 3: ("name", "text"), 4: ("namespace", "text")},
    "RoleRef": {1: ("apiGroup", "text"), 2: ("kind", "text"), 3: ("name", "text")},
    "SelfSubjectAccessReview": _kind_fields(spec="2 SelfSubjectAccessReviewSpec", status="3 skip"),
    "SelfSubjectAccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "NonResourceAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "text"),
        2: ("verb", "text"),
        3: ("group", "text"),
        4: ("version", "text"),
        5: ("resource", "text"),
        6: ("subresource", "text"),
        7: ("name", "text"),
    },
    "NonResourceAttributes": {1: ("path", "text"), 2: ("verb", "text")},
    "SelfSubjectRulesReview": _kind_fields(spec="2 SelfSubjectRulesReviewSpec", status="3 skip"),
    "SelfSubjectRulesReviewSpec": {1: ("namespace", "text")},
    "SelfSubjectReview": _kind_fields(status="2 skip"),
    "TokenRequest": _kind_fields(spec="2 TokenRequestSpec", status="3 skip"),
    "TokenRequestSpec": {
        1: ("audiences", "*text"),
        3: ("boundObjectRef", "BoundObjectReference"),
        4: ("expirationSeconds", "number"),
    },
    "BoundObjectReference": {1: ("kind", "text"), 2: ("apiVersion", "text"), 3: ("name", "text"), 4: ("uid", "text")},
    "Job": _kind_fields(spec="2 JobSpec", status="3 skip"),
    "JobSpec": {
        6: ("template", "PodTemplateSpec"),
        7: ("backoffLimit", "number"),
        8: ("ttlSecondsAfterFinished", "number"),
    },
    "Deployment": _kind_fields(spec="2 DeploymentSpec", status="3 skip"),
    "DeploymentSpec": {
        1: ("replicas", "number"),
        2: ("selector", "LabelSelector"),
        3: ("template", "PodTemplateSpec"),
        4: ("strategy", "Strategy"),
        5: ("minReadySeconds", "number"),
        7: ("paused", "flag"),
    },
    "LabelSelector": {1: ("matchLabels", "%text")},
    "PodTemplateSpec": _kind_fields(spec="2 PodSpec"),
    "PodSpec": {
        2: ("containers", "*Container"),
        3: ("restartPolicy", "text"),
        6: ("dnsPolicy", "text"),
        8: ("serviceAccountName", "text"),
        9: ("serviceAccount", "text"),
        10: ("nodeName", "text"),
        11: ("hostNetwork", "flag"),
        12: ("hostPID", "flag"),
        13: ("hostIPC", "flag"),
        14: ("securityContext", "Empty"),
        16: ("hostname", "text"),
        17: ("subdomain", "text"),
        19: ("schedulerName", "text"),
        24: ("priorityClassName", "text"),
    },
    "Container": {
        1: ("name", "text"),
        2: ("image", "text"),
        3: ("command", "*text"),
        4: ("args", "*text"),
        5: ("workingDir", "text"),
        6: ("ports", "*ContainerPort"),
        7: ("env", "*EnvVar"),
        8: ("resources", "Empty"),
        13: ("terminationMessagePath", "text"),
        14: ("imagePullPolicy", "text"),
        16: ("stdin", "flag"),
        17: ("stdinOnce", "flag"),
        18: ("tty", "flag"),
        20: ("terminationMessagePolicy", "text"),
    },
    "ContainerPort": {
        1: ("name", "text"),
        2: ("hostPort", "number"),
        3: ("containerPort", "number"),
        4: ("protocol", "text"),
        5: ("hostIP", "text"),
    },
    "EnvVar": {1: ("name", "text"), 2: ("value", "text")},
    "Unknown": {1: ("type", "TypeMeta"), 2: ("raw", "raw"), 3: ("contentEncoding", "text"), 4: ("contentType", "text")},
    "TypeMeta": {1: ("apiVersion", "text"), 2: ("kind", "text")},
    "Quantity": {1: ("string", "text")},
    "Time": {1: ("seconds", "number"), 2: ("nanos", "number")},
    "Strategy": {1: ("type", "text")},
    "Empty": {},
}


def decode_protobuf(body: bytes) -> Object:
    """Return the manifest in a protobuf body; raise a 415 for a kind or field that is not known here, and a 400 for a malformed body."""
    if not body.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = _message("Unknown", body[len(_MAGIC) :])
        kind = envelope["type"]["kind"]
        if kind not in _MESSAGES:
            raise _unknown(kind)
        return {**envelope["type"], **_message(kind, envelope.get("raw", b""))}
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise bad_request(f"the protobuf message cannot be read: {error}") from error


def _unknown(what: str) -> ApiError:
    message = f"the sandbox reads {what} as JSON only: use --dry-run=client -o yaml, and kubectl apply"
    return ApiError(415, "UnsupportedMediaType", message)


def _message(name: str, body: bytes) -> Object:
    result: Object = {}
    for number, value in read_fields(body):
        known = _MESSAGES[name].get(number)
        if known is None:
            raise _unknown(f"field {number} of {name}")
        field, type_name = known
        if type_name.startswith("*"):
            result.setdefault(field, []).append(_value(type_name[1:], value))
        elif type_name.startswith("%"):
            pair = dict(read_fields(as_bytes(value)))
            result.setdefault(field, {})[as_bytes(pair[1]).decode()] = _value(type_name[1:], pair.get(2, b""))
        else:
            decoded = _value(type_name, value)
            if decoded not in ("", {}, None):
                result[field] = decoded
    return result


def _value(type_name: str, value: Any) -> Any:
    reader = _READERS.get(type_name)
    return reader(value) if reader else _message(type_name, as_bytes(value))


def _time(value: Any) -> str | None:
    seconds = _message("Time", as_bytes(value)).get("seconds")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "skip": lambda _: None,
    "text": lambda value: as_bytes(value).decode(),
    "number": as_signed,
    "flag": bool,
    "bytes": lambda value: base64.b64encode(as_bytes(value)).decode(),
    "raw": as_bytes,
    "quantity": lambda value: _message("Quantity", as_bytes(value)).get("string", "0"),
    "time": _time,
}
