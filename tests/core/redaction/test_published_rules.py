"""The rules of detect-secrets: all of them are used or left out by name, and nothing that they match is overlooked."""

from importlib import import_module
from pkgutil import iter_modules

import pytest
from detect_secrets import plugins
from detect_secrets.plugins.base import BasePlugin
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.redaction import published_rules
from reconciler.core.redaction.published_rules import DETECTORS, NOT_USED
from reconciler.core.redaction.redactor import Redactor


def test_every_detector_of_the_package_is_used_or_left_out_by_name() -> None:
    modules = [import_module(f"{plugins.__name__}.{module.name}") for module in iter_modules(plugins.__path__)]
    found = {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BasePlugin) and value.__module__ == module.__name__
    }
    abstract = {"BasePlugin", "RegexBasedDetector", "HighEntropyStringsPlugin"}
    assert found - abstract == {name for _, name, _ in DETECTORS} | NOT_USED


@pytest.mark.parametrize("index", range(len(DETECTORS)), ids=lambda index: DETECTORS[index][1])
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_law_whatever_a_rule_matches_is_masked(index: int, data: st.DataObject) -> None:
    _, expressions = published_rules.rules()[index]
    expression, letters = data.draw(st.sampled_from(list(expressions))), st.characters(codec="ascii")
    found = data.draw(st.from_regex(expression, alphabet=letters, fullmatch=True))
    assert "redacted:" in Redactor(b"a key for tests").text(found)


def test_an_account_in_an_arn_is_no_token() -> None:
    arn = "arn:aws:sns:eu-central-1:111122223333:prod-orders-and-payments-deliveries1"
    assert Redactor(b"a key for tests").text(arn) == arn
