"""Names and reasons that people give: what a reader sees is all that they contain."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.visible import is_plain, plainly

UNSEEN = [*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x200B, 0x2010), *range(0x80, 0xA0)))]
UNSEEN += ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\u2028", "\u2029", "\u2060", "\ufeff", "\ud800", "\U000e0041"]


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_a_character_that_is_not_seen_is_refused_and_plainly(character: str) -> None:
    assert not is_plain(f"ann{character}nna")
    assert plainly(f"ann{character}", 40) == f"ann{ascii(character)[1:-1]}"


@pytest.mark.parametrize("text", ["ann", "Jörg Ü.", "дмитрий", "山田 太郎", "incident 4711: <&> 'peak'"])
def test_names_and_reasons_in_any_script_are_plain(text: str) -> None:
    assert is_plain(text)
    assert plainly(text, 40) == text


@pytest.mark.parametrize("text", ["", " ", "  late"])
def test_a_space_begins_no_reason(text: str) -> None:
    assert not is_plain(text)


@given(st.text(), st.integers(1, 60))
def test_a_text_from_outside_is_short_and_seen(text: str, longest: int) -> None:
    shown = plainly(text, longest)
    assert len(shown) <= longest
    assert all(unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in shown)
