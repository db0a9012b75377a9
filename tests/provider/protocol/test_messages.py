"""Reading any bytes as messages: kept parts stay byte for byte, and malformed ones are rejected."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.provider.protocol.msgpack import MalformedValue, texts
from reconciler.provider.protocol.schema import IDENTITY_MAPS, SCHEMA_MAPS, lacks_type, read_schema
from reconciler.provider.protocol.wire import MalformedMessage, fields, has_errors, nested
from tests.provider.protocol.messages import block, diagnostic, entry, number, packed, varint

names = st.text(alphabet="abcdefghij_", min_size=1, max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in strings(item)]
        case dict():
            return [text for name, item in value.items() for text in (name, *strings(item))]
        case _:
            return []


@st.composite
def schemas(draw: st.DrawFn) -> bytes:
    """Draw a schema response: map entries of all kinds between other fields, in any order."""
    pieces = st.one_of(
        st.builds(entry, st.sampled_from(sorted(SCHEMA_MAPS)), names, st.binary(max_size=30)),
        st.builds(block, st.sampled_from([1, 5, 6, 40]), st.binary(max_size=30)),
        st.builds(number, st.sampled_from([20, 21]), st.integers(0, 2**60)),
    )
    return b"".join(draw(st.lists(pieces, max_size=12)))


@given(schemas())
def test_a_cut_to_everything_is_the_same_message(message: bytes) -> None:
    schema = read_schema(message)
    assert schema.cut(schema.names) == message


@given(schemas(), st.frozensets(names, max_size=5))
def test_a_cut_drops_only_types_and_keeps_the_order(message: bytes, used: frozenset[str]) -> None:
    schema = read_schema(message)
    kept = [message[start:end] for start, end, name in schema.entries if name is None or name in used]
    cut = schema.cut(used)
    assert cut == b"".join(kept)
    assert read_schema(cut).names == schema.names & used


@given(schemas(), st.frozensets(names), st.frozensets(names))
def test_cutting_twice_is_cutting_to_what_both_use(message: bytes, one: frozenset[str], two: frozenset[str]) -> None:
    assert read_schema(read_schema(message).cut(one)).cut(two) == read_schema(message).cut(one & two)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(message: bytes) -> None:
    try:
        found = list(fields(message))
    except MalformedMessage:
        return
    assert b"".join(message[f.start : f.end] for f in found) == message


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(varint(1 << 3 | 2) + varint(5) + b"abc", id="longer than its message"),
        pytest.param(varint(1 << 3 | 2) + b"\xff" * 11, id="a number too long"),
        pytest.param(varint(1 << 3 | 3), id="a group"),
        pytest.param(varint(2), id="field zero"),
        pytest.param(b"\x80", id="a number cut off"),
    ],
)
def test_malformed_messages_are_rejected(message: bytes) -> None:
    with pytest.raises(MalformedMessage):
        list(fields(message))


def test_errors_are_distinguished_from_warnings() -> None:
    warning = diagnostic(2, 2, "look out")
    assert not has_errors(block(1, b"") + warning, 2)
    assert has_errors(warning + diagnostic(2, 1, "no"), 2)
    assert not has_errors(diagnostic(3, 1, "another field"), 2)


def test_identity_schemas_are_cut_in_their_own_field() -> None:
    message = entry(1, "aws_vpc", b"v") + entry(1, "aws_s3_bucket", b"b") + diagnostic(2, 2, "w")
    assert read_schema(message, IDENTITY_MAPS).cut({"aws_vpc"}) == entry(1, "aws_vpc", b"v") + diagnostic(2, 2, "w")


def test_a_value_is_found_inside_nested_fields() -> None:
    message = block(1, b"1.11.4") + block(2, number(2, 7) + block(1, b"inner"))
    assert nested(message, 2, 1) == b"inner"
    assert nested(message, 3, 1) == b""


@given(values)
def test_every_string_in_a_value_is_found(value: object) -> None:
    assert list(texts(packed(value))) == strings(value)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_value_or_rejected(value: bytes) -> None:
    with contextlib.suppress(MalformedValue):
        assert sum(len(text) for text in texts(value)) <= len(value)


def test_values_other_than_strings_are_skipped() -> None:
    value = b"\x98" + b"\xca0000" + b"\xc4\x02zz" + b"\xd4\x00\x00" + b"\xc7\x01\x0cx" + b"\xd9\x02hi" + b"\xe0"
    value += b"\x81\xa1k\xa1v" + b"\xcd\x01\x00"
    assert list(texts(value)) == ["hi", "k", "v"]


@pytest.mark.parametrize("value", [b"\xa5abc", b"\xc1", b"\xdc\x00", b"\x92\xa1a", b"\xcb\x00"])
def test_malformed_values_are_rejected(value: bytes) -> None:
    with pytest.raises(MalformedValue):
        list(texts(value))


@pytest.mark.parametrize(
    "output",
    [
        'The provider hashicorp/aws does not support resource type "aws_vpc".',
        'The provider hashicorp/aws does not support data source "aws_vpc".',
        '│ The provider hashicorp/aws does not support ephemeral\n│ resource "aws_kms_secrets".',
        "Error: no schema available for aws_vpc.this while reading state; this is a bug in Terraform",
        "error marshaling prior state: no schema found for aws_vpc.this (in provider registry…)",
        'There is no function named "provider::aws::arn_parse".',
    ],
)
def test_terraforms_errors_about_a_missing_type_are_recognised(output: str) -> None:
    assert lacks_type(output)


@pytest.mark.parametrize(
    "output",
    ["Error: Invalid resource name", "no schema", 'There is no function named "filee".', "Plan: 1 to add"],
)
def test_other_errors_are_not_taken_for_a_missing_type(output: str) -> None:
    assert not lacks_type(output)
