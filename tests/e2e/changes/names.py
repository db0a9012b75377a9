"""The names of things in the account, asked of AWS."""

from deploy.local.standin import StandIn

CLUSTER = "develop"


def group(aws: StandIn, name: str) -> str:
    found = aws.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])
    return str(found["SecurityGroups"][0]["GroupId"])


def vpc(aws: StandIn) -> str:
    found = aws.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.10.0.0/16"]}])
    return str(found["Vpcs"][0]["VpcId"])


def target_group(aws: StandIn) -> str:
    return str(aws.client("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"])


def balancer(aws: StandIn) -> str:
    return str(aws.client("elbv2").describe_load_balancers(Names=[CLUSTER])["LoadBalancers"][0]["LoadBalancerArn"])


def listener(aws: StandIn, port: int) -> str:
    found = aws.client("elbv2").describe_listeners(LoadBalancerArn=balancer(aws))["Listeners"]
    return next(str(item["ListenerArn"]) for item in found if item["Port"] == port)


def rule(aws: StandIn) -> str:
    rules = aws.client("elbv2").describe_rules(ListenerArn=listener(aws, 443))["Rules"]
    return next(str(item["RuleArn"]) for item in rules if item["Priority"] == "120")


def bucket(aws: StandIn) -> str:
    names = [item["Name"] for item in aws.client("s3").list_buckets()["Buckets"]]
    return next(str(name) for name in names if "logs" in name)


def key(aws: StandIn, purpose: str) -> str:
    aliases = aws.client("kms").list_aliases()["Aliases"]
    return next(str(item["TargetKeyId"]) for item in aliases if item["AliasName"] == f"alias/{CLUSTER}-{purpose}")


def private_route_table(aws: StandIn) -> str:
    """The one of the first availability zone."""
    tables = aws.client("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc(aws)]}])["RouteTables"]
    associated = {part.get("SubnetId"): table["RouteTableId"] for table in tables for part in table["Associations"]}
    return str(associated[private_subnet(aws)])


def private_subnet(aws: StandIn) -> str:
    subnets = aws.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc(aws)]}])["Subnets"]
    named = {tag["Value"]: s["SubnetId"] for s in subnets for tag in s.get("Tags", ()) if tag["Key"] == "Name"}
    return next(str(subnet) for name, subnet in sorted(named.items()) if "private" in name)
