"""Remedies for unmanaged additions."""

import pytest

from reconciler.core.plan.summary import ResourceSummary
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


@pytest.mark.parametrize(
    ("address", "attributes", "text"),
    [
        (
            "aws_security_group.a",
            ["ingress.0.from_port", "egress.0.to_port"],
            "revoke the rule, or manage it with an `aws_vpc_security_group_egress_rule` or an inline rule; revoke the"
            " rule, or manage it with an `aws_vpc_security_group_ingress_rule` or an inline rule",
        ),
        (
            "aws_security_group.a",
            ["ingress.0.from_port", "tags.a.b"],
            "restore ingress, tags, or set it in the root so that it is managed",
        ),
        ("aws_subnet.a", ["tags.a.b", "tags.c"], "restore tags, or set it in the root so that it is managed"),
        ("aws_subnet.a", [], "restore it, or set it in the root so that it is managed"),
    ],
)
def test_a_remedy_names_each_attribute_once(address: str, attributes: list[str], text: str) -> None:
    added = ResourceSummary(address, ("update",), dict.fromkeys(attributes, (None, 1)))
    assert remedy(added) == f"{address}: {text}"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("module.a.module.b.aws_route.c", "aws_route"),
        ('aws_route.c["a[0].b"]', "aws_route"),
        ('module.a["b"].aws_route.c[0]', "aws_route"),
        ("aws_route", "aws_route"),
    ],
)
def test_brackets_and_modules_do_not_belong_to_the_type(address: str, kind: str) -> None:
    assert resource_type(address) == kind
