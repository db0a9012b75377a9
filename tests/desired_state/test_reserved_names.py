"""Names that a tenant may have, but whose resources would bear the names of another tenant."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.snapshot import build
from desired_state.tenants.tenant import SUFFIXES, Tenant, Tenants, matches
from tests.desired_state.manifests import FOUR, ROOTS, service, to_yaml

MODULES = Path(__file__).resolve().parents[2] / "terraform/modules"
TEAM = Tenant("team", ("team/",), ("develop",), names=("orders",))


def other(*names: str) -> Tenant:
    return Tenant("other", ("other/",), ("develop",), names=names)


def tenants(*those: Tenant) -> Tenants:
    return Tenants({one.name: one for one in those}, frozenset(FOUR))


@pytest.mark.parametrize(
    ("names", "reserved"),
    [
        (("orders-*",), True),  # the role of the other tenant reaches role/develop-orders-execution
        (("orders-exec*",), True),
        (("orders-eu-*",), False),
        (("orders-execution",), False),  # one name; the prefix of its role is orders-execution-
        (("*",), False),  # the entry of a platform team is no prefix of a role
        (("basket-*",), False),
    ],
)
def test_a_name_whose_resources_belong_to_another_tenant_is_refused(names: tuple[str, ...], reserved: bool) -> None:
    found = build(
        commit="c",
        files={"team/orders.yaml": to_yaml(service("orders", repository="acme/orders"))},
        roots=ROOTS,
        environments=FOUR,
        tenants=tenants(TEAM, other(*names)),
        known={},
    )
    said = [problem.message for problem in found.problems if "resources" in problem.message]
    expected = (
        'the tenant team may not use the name "orders": its resources would be named orders-execution and the like, '
        f"and {names[0]} belongs to other; grant orders-* to team, or the name orders to other"
    )
    assert said == ([expected] if reserved else [])


@given(st.sampled_from(["orders", "orders-eu", "basket"]), st.data())
def test_law_a_tenant_that_has_a_name_with_its_beginning_shares_it_with_nobody(name: str, data: st.DataObject) -> None:
    both = Tenant("team", ("team/",), ("develop",), names=(name, f"{name}-*"))
    entries = data.draw(st.lists(st.sampled_from(["*", "orders-*", "orders-eu-*", "bas*"]), max_size=3))
    shorter = [entry for entry in entries if not matches(f"{name}-execution", (entry,)) or len(entry) < len(name) + 2]
    assert tenants(both, other(*shorter)).reserved_for(both, name) is None


@pytest.mark.parametrize("module", ["job", "service"])
def test_the_suffixes_are_those_of_the_module(module: str) -> None:
    text = "\n".join(file.read_text() for file in (MODULES / module).glob("*.tf"))
    found = set(re.findall(r'"\$\{local\.full_name\}-([a-z-]+)"', text))
    assert found
    assert found <= set(SUFFIXES)
