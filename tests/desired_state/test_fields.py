"""The page of fields is generated, and each field on it has an example that a valid manifest has."""

import pytest

from desired_state.kinds.manifest import KINDS, read
from desired_state.reading.document import Document, parse
from tests.desired_state.fields import EXTRA, PAGE, REFUSED, WAITING, Field, fields, page

EVERY = [(kind, field) for kind in KINDS for field in fields(kind)]


def test_the_page_is_current() -> None:
    """Compare the page with the generated one; `python -m tests.desired_state.fields` writes it."""
    assert PAGE.read_text() == page()


def test_each_field_has_an_example_or_fields_that_have() -> None:
    """Add the field to `fields.yaml`, in a manifest that is valid by itself, when this fails."""
    without = [(kind, field.path) for kind, field in EVERY if field.example is None and field.path not in REFUSED]
    assert [
        one for one in without if not any(kind == one[0] and has_field(field, one[1]) for kind, field in EVERY)
    ] == []


def has_field(field: Field, path: str) -> bool:
    return field.example is not None and field.path.startswith((f"{path}.", f"{path}["))


@pytest.mark.parametrize("kind", KINDS)
def test_each_example_is_yaml_that_this_project_reads(kind: str) -> None:
    for field in fields(kind):
        if field.example is not None:
            parsed = parse("a.yaml", field.example.encode())
            assert [parsed.problems, [one.problems for one in parsed.documents]] == [(), [()]], field.path
            assert list(parsed.documents[0].data) == [field.path.rpartition(".")[2]], field.path


def test_the_manifests_that_only_serve_as_examples_are_valid() -> None:
    parsed = parse("fields.yaml", EXTRA.read_bytes())
    assert parsed.problems == ()
    broken = {name_of(one): read(one) for one in parsed.documents if isinstance(read(one), tuple)}
    assert broken.keys() <= WAITING, broken
    assert broken.keys() == WAITING, f"valid now, so take it off WAITING: {sorted(WAITING - broken.keys())}"


def name_of(document: Document) -> str:
    metadata = document.data["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["name"])
