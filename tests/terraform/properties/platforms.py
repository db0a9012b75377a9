"""Valid input of the platform's modules and of its root, generated."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.terraform.inputs import TIERS, Variables
from tests.terraform.properties import strategies
from tests.terraform.properties.strategies import arn, hexadecimal
from tests.terraform.properties.subjects import Subject, draw

EMAIL = st.from_regex(r"[a-z]{1,12}@[a-z]{1,12}\.[a-z]{2,6}", fullmatch=True)
SECRET_NAME = st.from_regex(r"[a-z]{2,12}/[a-z]{7,20}", fullmatch=True)
REASON = st.from_regex(r"[a-z]{5,10} [a-z ]{5,40}[a-z]", fullmatch=True)

emails = st.lists(EMAIL, max_size=3, unique=True)
subscribers = st.fixed_dictionaries({"alarms": emails, "deliveries": emails})
group_ids = st.none() | st.builds("{}sg-{}".format, st.just("") | strategies.accounts.map("{}/".format), hexadecimal)
broker_cidrs = st.lists(strategies.cidrs(20, 28), max_size=2, unique=True)
rate_limits = st.integers(10, 2_000_000_000)
firewalls = st.integers(0, 19).map(lambda number: number == 7)  # rarely: the provider takes seconds to plan one

data_resources = st.lists(
    st.from_regex(r"arn:aws:(sqs|sns|ssm|kms):[a-z]{20}:[0-9]{12}:[a-z*]{40}", fullmatch=True), max_size=9
)
firewall_modes = st.sampled_from(["block", "count"])


def certificates(environment: Variables) -> st.SearchStrategy[str]:
    return st.uuids().map(lambda number: arn(environment, "acm", f"certificate/{number}"))


def secrets(environment: Variables) -> st.SearchStrategy[Variables]:
    """Some rotated, the others with a reason."""
    function = arn(environment, "lambda", "function:rotate")
    rotated = st.integers(1, 90).map(lambda days: {"rotation": {"lambda_arn": function, "days": days}})
    exempt = REASON.map(lambda reason: {"rotation_exempt_reason": reason})
    either = (rotated | exempt).map(lambda secret: {"rotation": None, "rotation_exempt_reason": None} | secret)
    return st.dictionaries(SECRET_NAME, either, min_size=1, max_size=4)


def clusters(environment: Variables) -> st.SearchStrategy[Variables]:
    """Production never runs on Spot."""
    spot = st.just(False) if environment["tier"] == "prod" else st.booleans()
    return st.fixed_dictionaries({"insights": st.sampled_from([None, "enabled", "enhanced"]), "spot": spot})


def tops(*tiers: str) -> st.SearchStrategy[Variables]:
    """Return the variables that the root's provider is made from."""
    return st.fixed_dictionaries({
        "environment": strategies.environments(tiers),
        "aws": st.just({"role_arn": None, "s3_use_path_style": False}),
        "tags": strategies.tags,
    })  # fmt: skip


class OfEveryTier(Subject):
    """A root whose plans take turns in the tiers; a dozen draws may well leave one out."""

    def generate(self, number: int) -> list[list[Variables]]:
        each = -(-self.instances // self.plans)
        drawn = [draw(tops(TIERS[index % 4]), index + 1, number)[index] for index in range(self.plans)]
        return [
            [top | one for one in draw(self.variables(top), each, number + index)] for index, top in enumerate(drawn)
        ]


@st.composite
def rest(draw: st.DrawFn, top: Variables) -> Variables:
    """Return the inputs of the platform's root besides the variables that its provider is made from."""
    environment = top["environment"]
    return {
        "network": draw(strategies.networks(environment)),
        "alb": {
            "certificate_arn": draw(certificates(environment)),
            "firewall": draw(firewalls),
            "firewall_mode": draw(firewall_modes),
            "rate_limit": draw(rate_limits),
        },
        "cluster": draw(clusters(environment)),
        "subscribers": draw(subscribers),
        "secrets": draw(secrets(environment)),
        "kafka": {"broker_security_group_id": draw(group_ids), "broker_cidrs": draw(broker_cidrs)},
        "delivery": {"connection_arn": None},
        "data_resources": draw(data_resources),
    }


@st.composite
def security(draw: st.DrawFn, _: Variables) -> Variables:
    return {
        "environment": draw(strategies.environments()),
        "vpc": {"id": f"vpc-{draw(hexadecimal)}", "cidr": draw(strategies.cidrs())},
        "broker_security_group_id": draw(group_ids),
        "broker_cidrs": draw(broker_cidrs),
        "data_resources": draw(data_resources),
    }


@st.composite
def storage(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    return {"environment": environment, "s3_key_arn": draw(strategies.key_arns(environment))}


@st.composite
def balancers(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    return {
        "environment": environment,
        "vpc": {
            "id": f"vpc-{draw(hexadecimal)}",
            "cidr": draw(strategies.cidrs()),
            "public_subnet_ids": [f"subnet-{number}" for number in draw(st.lists(hexadecimal, min_size=3, max_size=3))],
        },
        "certificate_arn": draw(certificates(environment)),
        "firewall": draw(firewalls),
        "firewall_mode": draw(firewall_modes),
        "rate_limit": draw(rate_limits),
        "access_logs": {"bucket": f"{environment['name']}-logs", "prefix": "alb"},
        "logs_key_arn": draw(strategies.key_arns(environment)),
    }


@st.composite
def monitoring(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    zones = draw(st.lists(st.sampled_from("abc"), max_size=3, unique=True))
    return {
        "environment": environment,
        "subscribers": draw(subscribers),
        "cluster_name": environment["name"],
        "alb_arn_suffix": f"app/{environment['name']}/{draw(hexadecimal)[:16]}",
        "firewall": draw(st.booleans()),
        "nat_gateway_ids": {f"{environment['region']}{zone}": f"nat-{draw(hexadecimal)}" for zone in zones},
    }


@st.composite
def with_cluster(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    return {
        "environment": environment,
        "cluster": draw(clusters(environment)),
        "vpc_id": f"vpc-{draw(hexadecimal)}",
        "kms": {purpose: draw(strategies.key_arns(environment)) for purpose in ("ecs", "logs")},
    }


@st.composite
def with_secrets(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    key = draw(strategies.key_arns(environment))
    return {"environment": environment, "secrets": draw(secrets(environment)), "secrets_key_arn": key}
