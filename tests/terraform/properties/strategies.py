"""Valid input, generated: what manifests and the daemon can hand to the modules, in all its variety."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import strategies as st

from desired_state.kinds.service.fargate import SIZES
from tests.terraform.inputs import TIERS, Variables

REGIONS = {
    "aws": ("eu-central-1", "us-east-1", "ap-southeast-2", "sa-east-1"),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
}
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
TAG = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCÄß0123456789 _.:/=+@-"), min_size=1, max_size=40)

accounts = st.from_regex(r"[0-9]{12}", fullmatch=True).filter(lambda text: text.isascii())
ports = st.integers(1024, 65535)
hexadecimal = st.text(st.sampled_from("0123456789abcdef"), min_size=17, max_size=17)
digests = st.text(st.sampled_from("0123456789abcdef"), min_size=64, max_size=64).map("sha256:{}".format)
fargate_sizes = st.sampled_from([{"cpu": cpu, "memory": memory} for cpu, sizes in SIZES.items() for memory in sizes])
tags = st.fixed_dictionaries({"owner": TAG, "cost_center": TAG, "compliance": TAG})


def names(longest: int) -> st.SearchStrategy[str]:
    """DNS labels as manifests use them for services and environments."""
    words = st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True)
    return words.filter(lambda name: len(name) <= longest and name.isascii() and not f"{name}-".startswith("internal-"))


@st.composite
def environments(draw: st.DrawFn, tiers: tuple[str, ...] = TIERS) -> Variables:
    partition = draw(st.sampled_from(sorted(REGIONS)))
    return {
        "name": draw(names(16)),
        "tier": draw(st.sampled_from(tiers)),
        "account_id": draw(accounts),
        "region": draw(st.sampled_from(REGIONS[partition])),
        "partition": partition,
    }


@st.composite
def cidrs(draw: st.DrawFn, shortest: int = 16, longest: int = 20) -> str:
    """A network of one of the ranges that are nobody's on the internet."""
    around = IPv4Network(draw(st.sampled_from(PRIVATE)))
    length = draw(st.integers(max(shortest, around.prefixlen), longest))
    place = draw(st.integers(0, 2 ** (length - around.prefixlen) - 1))
    return str(IPv4Network((int(around.network_address) + place * 2 ** (32 - length), length)))


@st.composite
def peers(draw: st.DrawFn, cidr: str) -> Variables:
    """Other networks, of this account and of others, that overlap with nothing: requested, accepted, or neither yet."""
    taken = [IPv4Network(cidr)]
    found: Variables = {}
    for name in draw(st.lists(names(32), min_size=1, max_size=3, unique=True)):
        other = IPv4Network(draw(cidrs(16, 28)))
        if not any(other.overlaps(network) for network in taken):
            taken.append(other)
            requested = draw(st.booleans())
            found[name] = {
                "vpc_id": f"vpc-{draw(hexadecimal)}" if requested else None,
                "connection_id": None if requested else f"pcx-{draw(hexadecimal)}",
                "cidr": str(other),
                "account_id": draw(st.one_of(st.none(), accounts)),
                "accepted": requested and draw(st.booleans()),
                "callers": draw(st.booleans()),
            }
    return found


@st.composite
def networks(draw: st.DrawFn, environment: Variables) -> Variables:
    """A VPC of an environment: production has a NAT gateway per zone."""
    zones = draw(st.lists(st.sampled_from("abcdef"), min_size=3, max_size=3, unique=True))
    modes = ("one_per_az",) if environment["tier"] == "prod" else ("one_per_az", "single", "none")
    cidr = draw(cidrs())
    peerings = draw(st.one_of(st.just({}), peers(cidr)))
    return {
        "cidr": cidr,
        "peerings": peerings,
        "allow_prod_peering": bool(peerings) or draw(st.booleans()),
        "availability_zones": [f"{environment['region']}{zone}" for zone in zones],
        "nat": draw(st.sampled_from(modes)),
    }


def arn(environment: Variables, service: str, resource: str, *, region: bool = True) -> str:
    where = environment["region"] if region else ""
    return f"arn:{environment['partition']}:{service}:{where}:{environment['account_id']}:{resource}"


def key_arns(environment: Variables) -> st.SearchStrategy[str]:
    return st.uuids().map(lambda number: arn(environment, "kms", f"key/{number}"))
