"""Any YAML file becomes data and problems with places, never an exception."""

import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desired_state.reading.document import Parsed, Problem, parse
from desired_state.reading.scalar import resolve
from tests.desired_state.parts import texts

SCALAR_PARTS = [*"01789_.eE+-:xobaf~=", "12", "00", "on", "y", "null", ".inf", ".NaN", "true"]


def messages(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    return [str(problem) for problem in parse("a.yaml", content).problems]


def test_a_problem_is_written_like_a_compiler_error() -> None:
    assert str(Problem("services/orders.yaml", 3, 7, "no")) == "services/orders.yaml:3:7: no"


def test_a_file_may_hold_several_documents_and_empty_ones_are_skipped() -> None:
    parsed = parse("a.yaml", b"---\na: 1\n---\n# nothing\n---\nb: 2\n")
    assert [document.data for document in parsed.documents] == [{"a": 1}, {"b": 2}]
    assert parsed.readable


def test_places_of_values_keys_and_the_nearest_parent() -> None:
    document = parse("a.yaml", b"spec:\n  scaling: {min: 1}\n  paths:\n    - /a\n    - /b\n").documents[0]
    assert document.at(("spec", "scaling", "min")) == (2, 18)
    assert document.key_at(("spec", "scaling", "min")) == (2, 13)
    assert document.at(("spec", "paths", 1)) == (5, 7)
    assert document.at(("spec", "scaling", "max")) == document.at(("spec", "scaling")) == (2, 12)
    assert document.at(()) == (1, 1)
    assert document.has(("spec", "paths", 0))
    assert not document.has(("spec", "paths", 2))


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0xfF", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.5e+3", 1500.0),
        ("2027-01-31", "2027-01-31"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.0/16", "10.0.0.0/16"),
        ("b-1.example:9094", "b-1.example:9094"),
        ("nothing", "nothing"),
        ("3f9c2d1", "3f9c2d1"),
        ("+", "+"),
    ],
)
def test_plain_scalars_follow_the_core_schema(scalar: str, value: object) -> None:
    parsed = parse("a.yaml", f"a: {scalar}\n".encode())
    assert parsed.problems == ()
    assert parsed.documents[0].data == {"a": value}
    assert type(parsed.documents[0].data["a"]) is type(value)


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(SCALAR_PARTS), min_size=1, max_size=7).map("".join))
@example("7654e32")
@example("0o14")
@example("12e4")
@example("1_0.5")
def test_what_is_accepted_is_read_alike_by_yaml_1_1_and_what_is_suggested_too(text: str) -> None:
    """Compare with PyYAML, which reads YAML 1.1, except for dates, which are text here, and the marks `=` and `<<`."""
    meaning = resolve(text)
    if meaning.doubt is not None and meaning.doubt.plain is None:
        return
    written = text if meaning.doubt is None else meaning.doubt.if_plain.rpartition("write ")[2]
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, written, (True, False))  # type: ignore[no-untyped-call]
    if not tag.endswith(("timestamp", "merge", "value")):
        value = resolve(written)
        assert value.doubt is None
        other = loader.construct_object(yaml.ScalarNode(tag, written))
        assert (value.value, type(value.value)) == (other, type(other))


@pytest.mark.parametrize("word", ["y", "N", "yes", "No", "NO", "on", "OFF"])
def test_yaml_1_1_booleans_are_rejected_with_the_spelling_to_use(word: str) -> None:
    meaning = "true" if word.lower() in {"y", "yes", "on"} else "false"
    assert messages(f"a: {word}\n") == [
        f"a.yaml:1:4: {word} is ambiguous (a boolean or text): write {meaning}, or quote it"
    ]
    assert messages(f"a: '{word}'\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 010", "1:4: 010 is ambiguous (8 or 10): write 10, or quote it"),
        ("a: 089", "1:4: 089 is ambiguous (text or 89): write 89, or quote it"),
        ("a: 12:30:45", "1:4: 12:30:45 is ambiguous (a base-60 number or text): quote it if it is text"),
        ("a: 08:00", "1:4: 08:00 is ambiguous (a base-60 number or text): quote it if it is text"),
        ("a: 1_000", "1:4: 1_000 is ambiguous (a number or text): write 1000, or quote it"),
        ("a: 0b101", "1:4: 0b101 is ambiguous (a number or text): write 5, or quote it"),
        ("a: 0o14", "1:4: 0o14 is ambiguous (a number or text): write 12, or quote it"),
        ("a: 12e4", "1:4: 12e4 is ambiguous (a number or text): write 120000, or quote it"),
        ("a: 7654e32", "1:4: 7654e32 is ambiguous (a number or text): write 7.654e+35, or quote it"),
        ("a: .inf", "1:4: .inf is not a finite number: quote it if it is text"),
        ("a: 1e999", "1:4: 1e999 is too large for a number: quote it if it is text"),
        ("a: 9223372036854775808", "1:4: 9223372036854775808 is too large for a number: quote it if it is text"),
        ("a: 1\nb: 2\na: 3", '3:1: duplicate key "a": the first one is at 1:1'),
        ("b: &x 1", "1:4: anchors are not allowed: write the value out where it is used"),
        ("a: !!str 1", "1:4: tags are not allowed: remove the tag, and quote the value if it is text"),
        ("a: !", "1:4: tags are not allowed: remove the tag, and quote the value if it is text"),
        ("<<: {a: 1}", "1:1: merge keys are not allowed: write the fields out"),
        ("1: a", '1:1: a key must be text: write "1" in quotes'),
        ("on: a", '1:1: a key must be text: write "on" in quotes'),
        ("? [a]\n: b", "1:3: a key must be text"),
        ('a: "x\\u001b"', "1:4: the control character U+001B is not allowed: remove it"),
        ("- a", "1:1: a manifest must be a mapping of fields"),
        ("a: [1, 2", "2:1: not valid YAML: did not find expected ',' or ']'"),
    ],
)
def test_ambiguous_text_is_rejected(text: str, message: str) -> None:
    assert messages(text) == [f"a.yaml:{message}"]


def test_an_alias_is_rejected_and_never_expanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
    parsed = parse("a.yaml", bomb.encode())
    assert parsed.documents[0].data["g"] == [None, None]
    assert sum("aliases" in problem.message for problem in parsed.problems) == 12


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: \xff", "a.yaml:2:4: not UTF-8 text: save the file as UTF-8"),
        (b"a: 1\nb: \x00", "a.yaml:2:4: the character U+0000 is not allowed: remove it"),
        (b" " * (1024 * 1024 + 1), "a.yaml:1:1: the file is larger than 1048576 bytes: split it"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n",
            "a.yaml:1:1: the file is a Git LFS pointer, and LFS content is not fetched: keep the file itself in Git"
            " (`git lfs untrack`)",
        ),
        (b"a: " + b"[" * 60 + b"]" * 60, "a.yaml:1:54: nested more than 50 levels deep"),
        ("é: 1\na:\n\tb: 1".encode(), "a.yaml:3:1: not valid YAML: a tab does not indent, so write spaces"),
        (b"a: b: c", "a.yaml:1:5: not valid YAML: mapping values are not allowed in this context"),
    ],
)
def test_a_file_that_cannot_be_read_has_one_problem(content: bytes, message: str) -> None:
    assert messages(content) == [message]
    assert not parse("a.yaml", content).readable


def test_the_number_of_problems_is_limited() -> None:
    parsed = parse("a.yaml", b"a: 1\n" * 1000)
    assert len(parsed.problems) == 101
    assert "too many problems" in parsed.problems[-1].message


def test_the_content_before_a_syntax_error_is_kept() -> None:
    parsed = parse("a.yaml", b"metadata:\n  name: orders\nspec: {\n")
    assert parsed.remnant is not None
    assert parsed.remnant.data == {"metadata": {"name": "orders"}, "spec": {}}


def test_a_byte_order_mark_is_dropped() -> None:
    assert parse("a.yaml", b"\xef\xbb\xbfa: 1\n").documents[0].data == {"a": 1}


yamlish = st.text(st.sampled_from("ab01:-{}[],&*!|>'\"#%@?<~\\ \n\t"), max_size=60)


def is_well_formed(parsed: Parsed) -> bool:
    """Return whether problems have places, an unreadable file has a problem, and data is plain JSON (else raises)."""
    json.dumps([dict(document.data) for document in parsed.documents], allow_nan=False)
    placed = all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in parsed.problems)
    return placed and (parsed.readable or bool(parsed.problems))


@given(st.binary(max_size=200) | texts.map(str.encode) | yamlish.map(str.encode))
@example(b"%YAML 99999999999999999999.1\n--- a")
@example(b'"\\UFFFFFFFF"')
@example(b"a: " + b"1" * 5000)
@example(b"a: " + b"[" * 5000)
@example(b"*a")
@example(b"a: !<x")
def test_no_bytes_make_parse_raise(content: bytes) -> None:
    assert is_well_formed(parse("a.yaml", content))


@given(yamlish)
def test_no_text_makes_the_pure_parser_raise(text: str) -> None:
    """Use the Python parser of PyYAML, which is the only one if PyYAML was built without libyaml."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("desired_state.reading.reader._Loader", yaml.SafeLoader)
        assert is_well_formed(parse("a.yaml", text.encode()))


def test_the_pure_parser_rejects_a_lone_surrogate() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("desired_state.reading.reader._Loader", yaml.SafeLoader)
        parsed = parse("a.yaml", b'a: "x\\ud800"')
    assert [str(problem) for problem in parsed.problems] == [
        "a.yaml:1:4: the control character U+D800 is not allowed: remove it"
    ]
    assert parsed.documents[0].data == {"a": "x\ufffd"}


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(texts, plain_json, max_size=4))
def test_json_is_read_unchanged(data: dict[str, object]) -> None:
    """Read back the output of json.dumps, which is valid YAML, without problems."""
    parsed = parse("a.yaml", json.dumps(data, ensure_ascii=False).encode())
    assert parsed.problems == ()
    assert [document.data for document in parsed.documents] == [data]


@pytest.mark.parametrize("length", [63, 64, 65, 400])
def test_a_number_of_more_than_64_digits_is_quoted_in_part(length: int) -> None:
    quoted = "9" * length if length <= 64 else "9" * 64 + "…"
    assert messages(f"a: {'9' * length}") == [f"a.yaml:1:4: {quoted} is too large for a number: quote it if it is text"]
