"""Messages of terraform and a provider as bytes, built by hand because the code under test has no message types."""

from collections.abc import Mapping


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def entry(field: int, name: str, content: bytes) -> bytes:
    """Return an entry of a protobuf map."""
    return block(field, block(1, name.encode()) + block(2, content))


def diagnostic(field: int, severity: int, summary: str) -> bytes:
    return block(field, number(1, severity) + block(2, summary.encode()))


def packed(value: object) -> bytes:
    """Write a value as msgpack, in the forms that terraform uses."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return bytes([value]) if 0 <= value < 128 else b"\xd3" + value.to_bytes(8, "big", signed=True)
        case str():
            raw = value.encode()
            return (bytes([0xA0 | len(raw)]) if len(raw) < 32 else b"\xda" + len(raw).to_bytes(2, "big")) + raw
        case list():
            return b"\xdc" + len(value).to_bytes(2, "big") + b"".join(packed(item) for item in value)
        case dict():
            pairs = b"".join(packed(name) + packed(item) for name, item in value.items())
            return b"\xde" + len(value).to_bytes(2, "big") + pairs
        case _:
            raise TypeError(type(value))


def configure_request(configuration: Mapping[str, object]) -> bytes:
    """Return a request of `Configure`: the version of terraform, then the configuration."""
    return block(1, b"1.11.4") + block(2, block(1, packed(dict(configuration))))


def prepare_request(configuration: Mapping[str, object]) -> bytes:
    """Return a request of `PrepareProviderConfig`: the configuration."""
    return block(1, block(1, packed(dict(configuration))))


def resource_request(name: bytes = b"") -> bytes:
    """Return a request of `ReadResource`, `PlanResourceChange` or `ApplyResourceChange` with null values."""
    return block(1, name) + b"".join(block(field, block(1, packed(None))) for field in (2, 3, 4))
