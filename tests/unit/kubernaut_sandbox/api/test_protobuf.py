"""The protobuf decoder, with what `kubectl create namespace` sends."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.api.protobuf import decode_protobuf
from kubernaut_sandbox.model.statuses import ApiError


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return bytes([number << 3 | 2, len(content)]) + content


def envelope(kind: bytes, raw: bytes) -> bytes:
    """A message as it is sent."""
    return b"k8s\x00" + field(1, field(1, b"v1") + field(2, kind)) + field(2, raw) + field(3, b"") + field(4, b"")


def test_a_namespace_is_decoded() -> None:
    metadata = field(1, b"demo") + field(11, field(1, b"a") + field(2, b"b")) + field(8, b"")
    body = envelope(b"Namespace", field(1, metadata) + field(2, b"") + field(3, field(1, b"")))
    assert decode_protobuf(body) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "demo", "labels": {"a": "b"}},
    }


@pytest.mark.parametrize(
    "body", [envelope(b"Service", b""), envelope(b"Namespace", field(9, b"x"))], ids=["kind", "field"]
)
def test_unknown_kinds_and_fields_are_rejected_rather_than_dropped(body: bytes) -> None:
    with pytest.raises(ApiError, match="as JSON only") as caught:
        decode_protobuf(body)
    assert caught.value.code == 415


def test_a_body_that_is_not_protobuf_is_a_bad_request() -> None:
    with pytest.raises(ApiError) as caught:
        decode_protobuf(b"{}")
    assert caught.value.code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"\x08\x01",
        field(1, b"\x08" + b"\xff" * 9 + b"\x01"),
        field(1, field(11, b"\x08\x01")),
        field(1, field(1, b"\xff")),
        field(1, field(8, b"\x08" + b"\xff" * 8 + b"\x7f")),
        b"\x0a\x7f",
        b"\x0a" + b"\xff" * 100_000,
        b"\x0d1234",
    ],
    ids=[
        "a number for a message",
        "a huge number for a text",
        "a number for a key",
        "a text that is not UTF-8",
        "the year 292277026596",
        "a field that is cut",
        "a number without an end",
        "another wire type",
    ],
)
def test_a_malformed_message_is_a_bad_request_and_takes_no_memory(raw: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        decode_protobuf(envelope(b"Namespace", b"")[:-4] + b"\x12" + _size(raw) + raw)
    assert caught.value.code == 400


def _size(raw: bytes) -> bytes:
    """The length of a field as it is sent."""
    size, found = len(raw), b""
    while size > 0x7F:
        size, found = size >> 7, found + bytes([size & 0x7F | 0x80])
    return found + bytes([size])
