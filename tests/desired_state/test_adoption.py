"""`spec.import` takes the address of a managed resource, in a form that HCL cannot evaluate, and any id."""

import hcl2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from desired_state.kinds.adoption import Import
from tests.desired_state.manifests import build_from, module, problems_of

IDENTIFIERS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True)
TYPES = st.from_regex(r"[a-z][a-z0-9]{0,5}_[a-z0-9_]{1,12}", fullmatch=True)
KEYS = st.from_regex(r"[A-Za-z0-9 _.:/@,=+*-]{1,20}", fullmatch=True).map(lambda key: f'["{key}"]')
INDEXES = st.one_of(st.just(""), st.integers(0, 999).map(lambda number: f"[{number}]"), KEYS)
MODULES = st.builds(lambda name, index: f"module.{name}{index}.", IDENTIFIERS, INDEXES)
ADDRESSES = st.builds(
    lambda modules, kind, name, index: f"{''.join(modules)}{kind}.{name}{index}",
    st.lists(MODULES, max_size=3),
    TYPES,
    IDENTIFIERS,
    INDEXES,
)
ADOPTED = {"to": "aws_s3_bucket.this", "id": "acme-site"}


@given(ADDRESSES)
def test_every_address_of_a_resource_is_accepted_and_hcl_reads_it_unchanged(address: str) -> None:
    assert Import(to=address, id="x").to == address
    (block,) = hcl2.loads(f"import {{\n  to = {address}\n}}\n")["import"]
    assert str(block["to"]).strip("${}").replace(" ", "") == address.replace(" ", "")


@given(st.text(max_size=60))
def test_an_accepted_address_has_no_characters_that_hcl_evaluates_or_that_end_a_line(text: str) -> None:
    try:
        address = Import(to=text, id="x").to
    except ValidationError:
        return
    assert not set(address) & set("${}%\\\n\r#()`'")
    assert address.isascii()


@pytest.mark.parametrize(
    "address",
    [
        "aws_s3_bucket",
        "data.aws_s3_bucket.this",
        "module.app",
        "module.app.data.aws_iam_policy.x",
        "var.bucket",
        "local.x",
        "each.key",
        'aws_s3_bucket.this["${file("/etc/passwd")}"]',
        'aws_s3_bucket.this["%{ if true }a%{ endif }"]',
        'aws_s3_bucket.this["a"]["b"]',
        'aws_s3_bucket.this["a\\n"]',
        "aws_s3_bucket.this[each.key]",
        "aws_s3_bucket.this[01]",
        "aws_s3_bucket.this\n}\nresource",
        "aws_s3_bucket.this # x",
        "aws_s3_bucket.this.id",
        "-aws_s3_bucket.this",
        "",
    ],
)
def test_an_address_of_anything_but_a_managed_resource_is_rejected(address: str) -> None:
    with pytest.raises(ValidationError):
        Import(to=address, id="x")


def test_an_id_is_any_line_of_text() -> None:
    assert Import(to="a_b.c", id='${file("/etc/passwd")}').id == '${file("/etc/passwd")}'
    for bad in ("", "two\nlines", "nul\0", "x" * 2049):
        with pytest.raises(ValidationError):
            Import(to="a_b.c", id=bad)


def test_invalid_and_repeated_addresses_are_reported() -> None:
    manifest = module("site", **{"import": [ADOPTED, {**ADOPTED, "id": "other"}, {"to": "data.a.b", "id": "x"}]})
    assert any('"data.a.b" is not' in message for message in problems_of(manifest))
    twice = module("site", **{"import": [ADOPTED, ADOPTED]})
    assert problems_of(twice) == ['"aws_s3_bucket.this" is listed twice']


def test_imports_change_the_source_digest_and_an_empty_list_does_not() -> None:
    (plain,) = build_from(module("site")).instances.values()
    (none,) = build_from(module("site", **{"import": []})).instances.values()
    (some,) = build_from(module("site", **{"import": [ADOPTED]})).instances.values()
    assert plain.source_digest == none.source_digest != some.source_digest
