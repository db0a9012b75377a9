"""A commit that renames a manifest: the instance of the former name is not treated as removed."""

from desired_state.instance import Key
from reconciler.core.ports.source import Revision
from reconciler.core.vocabulary import ConditionType
from reconciler.engine.intake import Intake
from reconciler.engine.world import World
from tests.core.instances import NOW
from tests.engine.fakes.world import fake_world
from tests.engine.tiers import ENVIRONMENTS

MODULE = """
apiVersion: reconciler/v1
kind: Module
metadata: {{name: {name}{former}}}
spec: {{environments: [{where}], root: probe, inputs: {{text: one}}{more}}}
"""
OTHERS = {f"other-{n}.yaml": MODULE.format(name=f"other-{n}", former="", where="develop", more="") for n in range(2)}


async def accept(world: World, name: str, former: str = "", where: str = "develop, prod", more: str = "") -> set[str]:
    """Accept a commit with this manifest and two others. Returns the keys that are due."""
    former_name = f", formerName: {former}" if former else ""
    files = OTHERS | {"one.yaml": MODULE.format(name=name, former=former_name, where=where, more=more)}
    content = {path: text.encode() for path, text in files.items()}
    _, due = await Intake(world).accept(Revision("c", NOW, content, {"roots/probe/main.tf": b'variable "text" {}'}))
    return set(map(str, due))


def stalled(world: World, key: Key) -> str:
    """Return the message of the Stalled condition, empty when it is not set."""
    condition = world.records[key].condition(ConditionType.STALLED)
    return condition.message if condition else ""


async def test_the_former_name_is_due_and_is_pruned_only_after_a_confirmation() -> None:
    world = fake_world(environments=ENVIRONMENTS)
    await accept(world, "orders")
    due = await accept(world, "shop", "orders")
    assert due == {"develop/orders", "develop/shop", "prod/orders", "prod/shop"}
    old, new = world.records[Key("develop", "orders")], world.records[Key("develop", "shop")]
    assert new.instance.former == "orders"
    assert old.renamed_to == "shop"
    assert old.prune_guard == "it was renamed to shop, which no longer names it as `formerName`"


async def test_the_former_name_stays_and_is_stalled_in_an_environment_without_the_new_name() -> None:
    world = fake_world(environments=ENVIRONMENTS)
    await accept(world, "orders")
    await accept(world, "shop", "orders", where="develop")
    assert world.records[Key("prod", "orders")].removed is None
    assert "shop, with `formerName: orders`, is not valid or not deployed to prod" in stalled(
        world, Key("prod", "orders")
    )
    assert stalled(world, Key("develop", "orders")) == ""


async def test_a_tombstone_is_lifted_when_an_invalid_manifest_claims_its_name() -> None:
    world = fake_world(environments=ENVIRONMENTS)
    await accept(world, "orders")
    await accept(world, "unrelated")
    assert world.records[Key("develop", "orders")].removed
    await accept(world, "shop", "orders", more=", colour: blue")
    assert world.records[Key("develop", "orders")].removed is None
    assert "nothing is removed" in stalled(world, Key("develop", "orders"))
