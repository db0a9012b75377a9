"""The resources that the run makes, and their price while they exist.

Prices are those of us-east-1 in US dollars, without traffic; other regions cost up to a third more. Each has the page
of AWS that states it. A month has 730 hours there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MONTH = 730


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of resource: how many, and the price of one for an hour."""

    what: str
    count: float
    hourly: float
    source: str

    @property
    def total(self) -> float:
        """Return the price of all of them for an hour."""
        return self.count * self.hourly


COSTS: Sequence[Cost] = (
    Cost("NAT gateway", 1, 0.045, "https://aws.amazon.com/vpc/pricing/"),
    Cost("public IPv4 address (NAT gateway 1, load balancer 3)", 4, 0.005, "https://aws.amazon.com/vpc/pricing/"),
    Cost("Application Load Balancer", 1, 0.0225, "https://aws.amazon.com/elasticloadbalancing/pricing/"),
    Cost("load balancer capacity unit, at most", 1, 0.008, "https://aws.amazon.com/elasticloadbalancing/pricing/"),
    Cost("Fargate vCPU (2 tasks of 0.25)", 0.5, 0.04048, "https://aws.amazon.com/fargate/pricing/"),
    Cost("Fargate GB of memory (2 tasks of 0.5)", 1, 0.004445, "https://aws.amazon.com/fargate/pricing/"),
    Cost("KMS key (platform 6, account 1, states 1)", 8, 1 / MONTH, "https://aws.amazon.com/kms/pricing/"),
    Cost("web ACL", 1, 5 / MONTH, "https://aws.amazon.com/waf/pricing/"),
    Cost("rule of the web ACL", 5, 1 / MONTH, "https://aws.amazon.com/waf/pricing/"),
    Cost("alarm, at most", 40, 0.10 / MONTH, "https://aws.amazon.com/cloudwatch/pricing/"),
    Cost("pipeline's build (3 of 5 minutes)", 15, 0.005, "https://aws.amazon.com/codebuild/pricing/"),
)


def hourly(costs: Sequence[Cost] = COSTS) -> float:
    """Return what all of it costs for an hour."""
    return sum(cost.total for cost in costs)


def table(costs: Sequence[Cost] = COSTS) -> list[str]:
    """Return the arithmetic as the lines of a Markdown table."""
    lines = ["| what | count | USD an hour for one | USD an hour | source |", "|---|---:|---:|---:|---|"]
    lines += [f"| {c.what} | {c.count:g} | {c.hourly:.5f} | {c.total:.4f} | {c.source} |" for c in costs]
    return [*lines, f"| together | | | {hourly(costs):.4f} | |"]
