"""Network checks: admitted addresses, flow logs, TLS termination."""

from collections.abc import Iterator

from reconciler.core.verification.account import Account, Balancer, Listener, Rule
from reconciler.core.verification.finding import Violation

ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
WEB = frozenset({80, 443})
TLS_13 = "ELBSecurityPolicy-TLS13-1-2"


def security_groups(account: Account, environment: str) -> Iterator[Violation]:
    entrances = {group for balancer in account.balancers for group in balancer.security_groups}
    for group in account.security_groups:
        where = f"security group {group.name} ({group.id})"
        for rule in group.ingress:
            if rule.protocol == "-1" and rule.sources:
                yield Violation(where, 10, f"every protocol from {_sources(rule)}")
            elif rule.sources & ANYWHERE and not (group.id in entrances and _is_web(rule)):
                yield Violation(where, 10, f"{rule.protocol} {_ports(rule)} from {_sources(rule)}")


def vpcs(account: Account, environment: str) -> Iterator[Violation]:
    if not account.vpcs:
        yield Violation(f"environment {environment}", 8, "no VPC is tagged with it")
    for vpc in account.vpcs:
        if "ALL" not in vpc.logged:
            yield Violation(
                f"VPC {vpc.id}", 36, f"flow logs keep {', '.join(sorted(vpc.logged)) or 'nothing'}, not ALL"
            )
        for subnet in sorted(vpc.open_subnets):
            yield Violation(f"subnet {subnet}", 8, "gives public addresses to what starts in it")


def balancers(account: Account, environment: str) -> Iterator[Violation]:
    for balancer in account.balancers:
        if balancer.log_bucket is None:
            yield Violation(f"load balancer {balancer.name}", 31, "access logs are off")
        if not any(listener.protocol == "HTTPS" for listener in balancer.listeners):
            yield Violation(f"load balancer {balancer.name}", 6, "there is no HTTPS listener")
        for listener in balancer.listeners:
            yield from _listener(balancer, listener)


def _listener(balancer: Balancer, listener: Listener) -> Iterator[Violation]:
    where = f"load balancer {balancer.name}, port {listener.port}"
    if listener.protocol == "HTTPS" and not (listener.tls_policy or "").startswith(TLS_13):
        yield Violation(where, 6, f"its TLS policy is {listener.tls_policy}, not one of {TLS_13}-…")
    if listener.protocol == "HTTP" and not listener.redirects_to_https:
        yield Violation(where, 40, "plain HTTP is answered with something else than a redirect to HTTPS")


def _is_web(rule: Rule) -> bool:
    return rule.protocol == "tcp" and rule.first_port == rule.last_port and rule.first_port in WEB


def _ports(rule: Rule) -> str:
    if rule.first_port is None:
        return "all ports"
    return f"{rule.first_port}" if rule.first_port == rule.last_port else f"{rule.first_port}-{rule.last_port}"


def _sources(rule: Rule) -> str:
    return ", ".join(sorted(rule.sources))
