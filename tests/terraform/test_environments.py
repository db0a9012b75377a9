"""The rendered example environments: they are what the manifests say, and Terraform takes every one of them."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from ipaddress import IPv4Network
from itertools import combinations

import hcl2
import pytest

from deploy import environments
from deploy.environments import DOCUMENT, PROJECT, RENDERED, TIERS
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench


def test_variables_backends_and_tables_are_current() -> None:
    stale = [
        str(path.relative_to(PROJECT)) for path, text in environments.rendered().items() if path.read_text() != text
    ]
    assert stale == [], "run make environments"


def test_all_environments_have_the_same_variables() -> None:
    given = {tier: set(hcl2.loads((RENDERED / f"{tier}.tfvars").read_text())) for tier in TIERS}
    assert len(set(map(frozenset, given.values()))) == 1
    assert "network" in given["prod"]


def test_a_value_that_looks_like_a_template_stays_text() -> None:
    text = environments._literal({"owner": "${file(1)} and %{ if }"}, 0)
    assert text == '{\n  owner = "$${file(1)} and %%{ if }"\n}'


def test_every_environment_has_a_state_and_addresses_of_its_own() -> None:
    keys = [(RENDERED / f"{tier}.s3.tfbackend").read_text() for tier in TIERS]
    assert len({next(line for line in text.splitlines() if line.startswith("key")) for text in keys}) == 4
    platforms = environments.platforms().values()
    ranges = [IPv4Network(platform.spec.network.cidr) for platform in platforms]  # type: ignore[union-attr]  # Platforms
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_the_examples_fit_the_quotas_of_an_account() -> None:
    places: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for tier, platform in environments.platforms().items():
        network = platform.spec.network  # type: ignore[union-attr]  # Platforms
        where = environments.example(next(name for name in TIERS if name == tier))
        addresses = {"one_per_az": len(network.availability_zones), "single": 1, "none": 0}[network.nat]
        places[where.account, where.region].update({"EIP": addresses, "VPC": 1})
    for place, used in places.items():
        assert used["EIP"] <= 5, f"{place}: elastic IP addresses"
        assert used["VPC"] <= 4, f"{place}: VPCs, beside the default one"


def test_the_page_shows_what_differs_and_nothing_else() -> None:
    page = DOCUMENT.read_text()
    assert "| `network.cidr` | 10.10.0.0/16 | 10.20.0.0/16 | 10.30.0.0/16 | 10.100.0.0/16 |" in page
    assert "`tags.owner`" not in page
    assert "| `log_days` | 30 | 30 | 30 | 90 |" in page


@pytest.fixture(scope="module", params=TIERS)
def by_hand(request: pytest.FixtureRequest, workbench: Workbench) -> tuple[str, Plan]:
    """An example environment, planned from its file as a person would."""
    tier = str(request.param)
    shutil.copy(RENDERED / f"{tier}.tfvars", workbench.directory / "roots/platform/example.auto.tfvars")
    # Only the way to the account is not the example's.
    reaching = {"aws": {"role_arn": None, "s3_use_path_style": True}}
    try:
        return tier, workbench.plan("roots/platform", reaching)
    finally:
        (workbench.directory / "roots/platform/example.auto.tfvars").unlink()


@pytest.mark.aws
def test_terraform_takes_the_file(by_hand: tuple[str, Plan]) -> None:
    tier, plan = by_hand
    assert plan.one("aws_ecs_cluster").values["name"] == tier
