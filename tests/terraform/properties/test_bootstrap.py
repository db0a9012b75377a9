"""The root of the states leaves alone what an organisation has set for the whole account."""

from __future__ import annotations

import pytest

from tests.terraform.inputs import but
from tests.terraform.planned_roots import BOOTSTRAP, plan_root
from tests.terraform.plans import read_plan
from tests.terraform.properties.laboratory import Laboratory


@pytest.mark.parametrize(("scanning", "wanted"), [("enhanced", [("ENHANCED", "CONTINUOUS_SCAN")]), ("unmanaged", [])])
def test_images_are_scanned_as_the_organisation_wants_it(
    laboratory: Laboratory, scanning: str, wanted: list[tuple[str, str]]
) -> None:
    plan = read_plan(plan_root(laboratory, "terraform/bootstrap", but(BOOTSTRAP, registry={"scanning": scanning})))
    made = [found.values for found in plan.of("aws_ecr_registry_scanning_configuration")]
    assert [(found["scan_type"], found["rule"][0]["scan_frequency"]) for found in made] == wanted
