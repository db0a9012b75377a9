"""A property of `terraform/` and its proof: it holds on all generated instances, and breaks when the code is broken.

    @proof(8, "VPC network segmentation", of=NETWORK, broken_by=[Edit(FILE, "before", "after", says="public")])
    def test_property_08_vpc_network_segmentation(instance: Instance) -> None:
        assert …, "a subnet is public"

The function states the property for one instance. The decorator makes it the test: the property is asserted on every
instance of the batch; then each edit is made in a copy of `terraform/`, a handful of the same instances is planned
there, and the property has to fail on one of them, for the reason that the edit gives.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.subjects import Subject

Law = Callable[[Instance], None]
HANDFUL = 3
# Each edit is planned anew. `make test` proves that every property can fail; `make properties` makes all edits.
EDITS = int(os.environ.get("PROPERTY_EDITS", "1"))
REPORTED = "property"


def anywhere(_: Variables) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Edit:
    """A text of a file under `terraform/`, replaced wherever it stands. `says` is part of the message with which the
    property fails then. `where` picks the instances that can tell, for what shows only in some."""

    file: str
    before: str
    after: str
    says: str
    where: Callable[[Variables], bool] = anywhere

    def make(self, tree: Path) -> None:
        path = tree / self.file
        text = path.read_text()
        assert self.before in text, f"{self.file} has no {self.before!r} any more: adapt the edit"
        path.write_text(text.replace(self.before, self.after))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table that `make properties` prints."""

    number: int
    title: str
    instances: int
    killed: int
    seconds: float


def proof(number: int, title: str, *, of: Subject, broken_by: Sequence[Edit], part: str = "") -> Callable[[Law], Law]:
    """Make a property the test that proves it. `part` tells apart the proofs of one property on several subjects."""
    assert broken_by, "a property that nothing breaks proves nothing"

    def decorate(law: Law) -> Law:
        words = re.sub(r"[^a-z0-9]+", "_", f"{number:02} {title} {part}".lower()).strip("_")
        assert law.__name__ == f"test_property_{words}", f"call it test_property_{words}"

        def test(laboratory: Laboratory, request: pytest.FixtureRequest) -> None:
            began = time.monotonic()
            batch = laboratory.batch(of)
            assert len(batch) >= of.instances
            holds(law, batch, laboratory.seed)
            breaks(law, of, broken_by[:EDITS], batch, laboratory)
            row = Row(number, f"{title} {part}".strip(), len(batch), len(broken_by[:EDITS]), time.monotonic() - began)
            request.node.user_properties.append((REPORTED, asdict(row)))

        test.__name__, test.__doc__, test.__module__ = law.__name__, law.__doc__, law.__module__
        return test  # type: ignore[return-value]  # pytest passes fixtures

    return decorate


def holds(law: Law, batch: Sequence[Instance], seed: int) -> None:
    """The property, asserted on every instance. What is reported is the smallest instance that fails."""
    failures = [
        (len(str(instance.variables)), instance, error) for instance in batch if (error := failure(law, instance))
    ]
    if failures:
        _, smallest, error = min(failures, key=lambda failed: failed[0])
        pytest.fail(
            f"{len(failures)} of {len(batch)} instances (seed {seed}), the smallest: {smallest.variables}\n{error}"
        )


def breaks(
    law: Law, subject: Subject, edits: Sequence[Edit], batch: Sequence[Instance], laboratory: Laboratory
) -> None:
    """Assert that the property fails, for the reason that each edit gives it, on one of a handful of instances.

    The first usually tells, at a third of the price: the others are planned only for the edits that need them.
    """
    errors: dict[Edit, list[str]] = {edit: [] for edit in edits}
    for some in (slice(0, 1), slice(1, HANDFUL)):
        untold = {
            edit: instances
            for edit in edits
            if not told(edit, errors[edit]) and (instances := handful(edit, batch)[some])
        }
        trees = [made(edit, laboratory) for edit in untold]
        planned = laboratory.plan_apart(subject, list(zip(trees, untold.values(), strict=True)))
        for edit, broken in zip(untold, planned, strict=True):
            errors[edit] += [str(error) for instance in broken if (error := failure(law, instance))]
    for edit, said in errors.items():
        assert said, f"{edit.file} with {edit.after!r} for {edit.before!r} breaks nothing"
        assert told(edit, said), f"it fails for another reason than {edit.says!r}: {said}"


def handful(edit: Edit, batch: Sequence[Instance]) -> list[Variables]:
    """Return the variables of the first instances that can tell."""
    found = [instance.variables for instance in batch if edit.where(instance.variables)][:HANDFUL]
    assert found, f"no instance can tell whether {edit.after!r} breaks anything"
    return found


def made(edit: Edit, laboratory: Laboratory) -> Path:
    """Make an edit in a copy of `terraform/`; return the copy."""
    tree = laboratory.copy()
    edit.make(tree)
    return tree


def told(edit: Edit, errors: Sequence[str]) -> bool:
    return any(edit.says in error for error in errors)


def failure(law: Law, instance: Instance) -> AssertionError | None:
    try:
        law(instance)
    except AssertionError as error:
        return error
    return None
