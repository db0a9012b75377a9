"""Mistakes in a platform's manifest, each with its explanation."""

from typing import Any

import pytest

from tests.desired_state.manifests import platform, problems_of

PEER = {"vpcId": "vpc-0a1b2c3d", "cidr": "10.50.0.0/16"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"network": {"cidr": "10.0.0.0/21"}},
            "10.0.0.0/21 does not fit: three private and three public subnets need a range from /16 to /20",
        ),
        ({"network": {"cidr": "10.0.0.1/16"}}, '"10.0.0.1/16" is not an IPv4 range such as 10.10.0.0/16'),
        (
            {"network": {"cidr": "8.8.0.0/16"}},
            "8.8.0.0/16 is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)",
        ),
        (
            {"network": {"availabilityZones": ["eu-central-1a"]}},
            "spec.network.availabilityZones needs at least 3",
        ),
        (
            {"network": {"availabilityZones": ["eu-central-1a", "eu-central-1b", "eu-central-1a"]}},
            '"eu-central-1a" is listed twice',
        ),
        (
            {"network": {"availabilityZones": ["eu-central-1a", "eu-central-1b", "eu-west-1c"]}},
            "eu-west-1c is in another region than eu-central-1a",
        ),
        ({"network": {"nat": "one"}}, '"one" is not a choice for spec.network.nat: did you mean "none"?'),
        ({"alb": {"certificateArn": "arn:aws:iam::1:x"}}, '"arn:aws:iam::1:x" is not the ARN of a certificate in ACM'),
        ({"tags": {"owner": ""}}, '"" is not a tag value (letters, digits, spaces, _.:/=+-@)'),
        ({"tags": {"costCenter": None}}, "spec.tags.costCenter is missing"),
        (
            {"network": {"peerings": {"data": {"vpcId": "vpc-0a1b2c3d", "cidr": "10.10.128.0/20"}}}},
            "10.10.128.0/20 overlaps 10.10.0.0/16 of this network",
        ),
        (
            {"network": {"peerings": {"data": {"vpcId": "x", "cidr": "10.50.0.0/16"}}}},
            '"x" is not the id of a VPC such as vpc-0a1b2c3d4e5f60718',
        ),
        (
            {"network": {"peerings": {"data": {"cidr": "10.50.0.0/16"}}}},
            "a peering needs either vpcId, to request it, or connectionId, to accept what the other side requested",
        ),
        (
            {"network": {"peerings": {"data": PEER | {"connectionId": "pcx-0a1b2c3d"}}}},
            "a peering needs either vpcId, to request it, or connectionId, to accept what the other side requested",
        ),
        (
            {"network": {"peerings": {"data": {"connectionId": "vpc-0a1b2c3d", "cidr": "10.50.0.0/16"}}}},
            '"vpc-0a1b2c3d" is not the id of a peering connection such as pcx-0a1b2c3d4e5f60718',
        ),
        ({"kafka": {}}, "kafka needs brokerSecurityGroupId or brokerCidrs"),
        (
            {"kafka": {"brokerSecurityGroupId": "brokers"}},
            '"brokers" is not the id of a security group such as sg-0a1b2c3d4e5f60718, after its account and / where'
            " that is another one",
        ),
        ({"subscribers": {"alarms": ["oncall"]}}, '"oncall" is not an email address'),
        ({"subscribers": {"alarms": ["a@b.de", "a@b.de"]}}, '"a@b.de" is listed twice'),
        ({"secrets": {"orders/key": {}}}, "a secret needs either rotation or rotationExemptReason"),
        (
            {"secrets": {"orders/key": {"rotationExemptReason": "none"}}},
            '"none" is not a reason (at least 10 letters, digits, spaces and .:/=+-@, which fit in a tag)',
        ),
        (
            {"secrets": {"orders/key": {"rotation": {"lambdaArn": "rotate"}}}},
            '"rotate" is not the ARN of a Lambda function',
        ),
        ({"delivery": {"connectionArn": "x"}}, '"x" is not the ARN of a CodeConnections connection'),
    ],
)
def test_a_mistake_in_a_platform_is_explained(changes: dict[str, Any], message: str) -> None:
    assert problems_of(platform(**changes)) == [message]
