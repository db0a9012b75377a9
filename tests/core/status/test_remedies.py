"""Remedies for unmanaged additions."""

import pytest

from reconciler.core.plan.model import ResourceSummary
from reconciler.core.status.remedies import remedy, resource_type


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("aws_vpc.this", "aws_vpc"),
        ("module.network.aws_subnet.private[0]", "aws_subnet"),
        ('module.a["x.y"].module.b.aws_route.internet["eu-central-1.a"]', "aws_route"),
    ],
)
def test_the_type_is_found_in_any_address(address: str, kind: str) -> None:
    assert resource_type(address) == kind


def test_the_remedy_of_a_known_addition_names_the_deletion_and_the_managing_resource() -> None:
    text = remedy(ResourceSummary("module.n.aws_route_table.private[0]", ("update",), {"route": ([], [{}])}))
    assert text == "module.n.aws_route_table.private[0]: delete the route, or manage it with an `aws_route`"


def test_the_remedy_of_any_other_addition_names_the_attribute() -> None:
    text = remedy(ResourceSummary("aws_subnet.a", ("update",), {"map_public_ip_on_launch": (False, True)}))
    assert "restore map_public_ip_on_launch" in text
