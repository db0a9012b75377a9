"""Additions that no plan removes: each with its remedy, and the way to remove it by hand."""

from tests.e2e.changes.case import Case, holds, lacks
from tests.e2e.changes.names import bucket, private_route_table
from tests.e2e.fleet import PLATFORM

ADDITIONS = (
    (
        Case(
            "a bucket answers other sites",
            PLATFORM,
            lambda aws: aws.client("s3").put_bucket_cors(
                Bucket=bucket(aws),
                CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
            ),
            "module.storage.module.logs.aws_s3_bucket.this",
            "changed",
            "cors_rule",
            [],
            holds("GET"),
        ),
        "delete the CORS rules, or manage it with an `aws_s3_bucket_cors_configuration`",
        lambda aws: aws.client("s3").delete_bucket_cors(Bucket=bucket(aws)),
    ),
    (
        Case(
            "a route is added beside the managed one",
            PLATFORM,
            lambda aws: aws.client("ec2").create_route(
                RouteTableId=private_route_table(aws),
                DestinationCidrBlock="192.0.2.0/24",
                GatewayId=aws.client("ec2").describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"],
            ),
            'module.network.aws_route_table.private["eu-central-1a"]',
            "changed",
            "route",
            lacks("192.0.2.0/24"),
            holds("192.0.2.0/24"),
        ),
        "delete the route, or manage it with an `aws_route`",
        lambda aws: aws.client("ec2").delete_route(
            RouteTableId=private_route_table(aws), DestinationCidrBlock="192.0.2.0/24"
        ),
    ),
)
