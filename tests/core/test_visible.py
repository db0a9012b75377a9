"""Text that is shown as it is: no line, no terminal and no runner is controlled by it."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.visible import json_text, one_line

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = "\n\r\x00\x1b\x7f\x85\x9b\u2028\u2029" + BIDI
texts = st.text(st.sampled_from([*HOSTILE, "a", " ", ":", "#", "[", "\\", "\ud800", "ü", "\U0001f600"]), max_size=12)


@given(texts)
def test_a_line_has_no_control_no_order_of_its_own_and_no_command(text: str) -> None:
    shown = one_line(text)
    assert not [
        letter for letter in shown if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} or letter in BIDI
    ]
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "S"]), max_size=20))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert one_line(f"a {text}") == f"a {text}"


@given(st.dictionaries(texts, texts | st.lists(texts)))
def test_a_json_document_means_the_same(value: dict[str, object]) -> None:
    document = json_text(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(document) == value
    assert not re.search(f"[{re.escape(HOSTILE[1:])}]", document)
    assert "##[" not in document


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a.yaml\n::error file=b.yaml::forged", "a.yaml\\n::error file=b.yaml::forged"),
        ("  ::set-output name=x::y", "  \\x3a:set-output name=x::y"),
        ("x ##[error]forged", "x #\\x23[error]forged"),
        ("\x9b31mred \u202egpj", "\\x9b31mred \\u202egpj"),
        ("std::vector", "std::vector"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert one_line(text) == shown
