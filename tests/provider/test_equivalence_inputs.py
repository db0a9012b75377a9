"""For any valid inputs of the service root the warm provider gives the same plan as plain terraform.

The inputs are generated, the same ones in every run, and planned in batches: one root with a module for each input, so
that many share the cost of a plain run.
"""

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deploy.local.standin import StandIn
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import PackageNotFound, locate
from tests.patience import PATIENCE
from tests.provider.equivalence import TREE, Comparison, Side, two_standins
from tests.provider.terraform_runs import mirrors
from tests.terraform.inputs import REGION, TIERS, Variables, but, internal_service, public_service, worker

pytestmark = [pytest.mark.aws, pytest.mark.chaos, pytest.mark.timeout(1500)]

EXAMPLES = 200
BATCH = 25
HEAD = {
    "terraform": {"backend": {"s3": {}}, "required_providers": {"aws": {"source": "hashicorp/aws"}}},
    "provider": {"aws": {"region": REGION, "default_tags": {"tags": {"ManagedBy": "reconciler"}}}},
    "variable": {"cases": {"type": "any"}},
}
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
TEXTS = st.text("abc XYZ 019 ${}%\"'\\/é☃", max_size=20)  # including strings that would be templates in HCL
SIZES = st.sampled_from([(256, 512), (256, 2048), (512, 1024), (1024, 2048), (4096, 8192)])
CHECKS = st.fixed_dictionaries({"path": WORDS.map("/{}".format), "interval": st.integers(10, 300)})


@st.composite
def services(draw: st.DrawFn) -> Variables:
    """Draw variables that the root accepts: a service of any type, tier, size and shape."""
    base = draw(st.sampled_from([public_service, internal_service, worker]))(draw(st.sampled_from(TIERS)))
    cpu, memory = draw(SIZES)
    fewest = draw(st.integers(2, 6))
    changed = but(
        base,
        service={"name": draw(WORDS), "labels": draw(st.dictionaries(WORDS, WORDS, max_size=3))},
        resources={"cpu": cpu, "memory": memory},
        scaling={"min": fewest, "max": fewest + draw(st.integers(0, 9)), "cpu": draw(st.integers(1, 100))},
        platform={"cluster": {"spot": draw(st.booleans())}},
    )
    changed["environment_variables"] = draw(st.dictionaries(WORDS.map(str.upper), TEXTS, max_size=4))
    changed["secrets"] = draw(st.dictionaries(WORDS.map("S_{}".format).map(str.upper), WORDS, max_size=2))
    if base["routing"]:
        paths = draw(st.lists(WORDS.map("/{}/*".format), min_size=1, max_size=3, unique=True))
        changed["routing"] = {"paths": paths, "priority": draw(st.integers(1, 50_000))}
    if base["port"]:
        changed["port"] = draw(st.integers(1024, 65_535))
        changed["health_check"] = draw(st.none() | CHECKS)
    return changed


def generated(count: int) -> list[Variables]:
    """Return `count` different inputs, the same ones in every run."""
    found: list[Variables] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(services())
    def collect(variables: Variables) -> None:
        found.append(variables)

    collect()
    return found


@pytest.fixture(scope="module")
def standins() -> Iterator[tuple[StandIn, StandIn]]:
    yield from two_standins()


@pytest.fixture
async def comparison(tmp_path: Path, standins: tuple[StandIn, StandIn]) -> AsyncIterator[Comparison]:
    try:
        binary = locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        warm = await WarmProvider.start(Path(directory, "w"), ready_seconds=PATIENCE)
        yield Comparison(tmp_path, binary, warm, standins)
        await warm.stop(drain_seconds=0)


async def plan_in_batches(side: Side, cases: list[Variables]) -> None:
    """Plan one root per batch, which calls the module for each case."""
    for first in range(0, len(cases), BATCH):
        batch = {f"case{n}": case for n, case in enumerate(cases[first : first + BATCH])}
        names = sorted({name for case in batch.values() for name in case} - {"aws"})
        arguments = {name: f"${{try(each.value.{name}, null)}}" for name in names}
        call = {"source": "../../modules/service", "for_each": "${var.cases}", **arguments}
        (side.root / "main.tf.json").write_text(json.dumps({**HEAD, "module": {"of": call}}))
        side.set_variables({"cases": batch})
        if first == 0:
            await side.init()
        await side.plan()


async def test_generated_services_have_the_same_plans(comparison: Comparison) -> None:
    cases = generated(EXAMPLES)
    assert len(cases) >= EXAMPLES
    assert {case["service"]["type"] for case in cases} == {"public", "internal"}
    plain, _ = await comparison.compare("roots/many", lambda side: plan_in_batches(side, cases), TREE)
    planned = [change for result in plain.results for change in result["plan"]["resource_changes"]]
    modules = [change["module_address"] for change in planned if change["type"] == "aws_ecs_service"]
    assert len(modules) == len(cases), "every case has a service in a plan"
