"""The parts of Copilot's manifests that are about traffic: `http` and `nlb`."""

from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Draft, Table, Unsaid, apply, lost, to, within
from desired_state.migration.source import Item
from desired_state.migration.values import flag, number, seconds, text, texts

_TARGET: Final = "traffic goes to the service's own container: let that one be the proxy"


def _path(item: Item, draft: Draft) -> None:
    """Put the path: Copilot routes a path and everything below it."""
    path = "/" + text(item).strip("/")
    draft.put("routing.paths", ["/*"] if path == "/" else [path, f"{path}/*"])


def _alias(item: Item, draft: Draft) -> None:
    """Put the host names; the certificate and the DNS records are the platform's."""
    names = [found for one in item.items() if (found := one.get("name"))]
    draft.put("routing.hosts", [text(one) for one in names] if names else texts(item))
    draft.check(item, "the platform's certificate has to cover the name, and its DNS record to point there")


def _stickiness(item: Item, draft: Draft) -> None:
    if flag(item):
        draft.put("routing.stickiness", {})


def _version(item: Item, draft: Draft) -> None:
    known = {"http1.1": "HTTP1", "http1": "HTTP1", "http2": "HTTP2", "grpc": "GRPC"}.get(text(item).lower())
    if known is None:
        raise Unsaid("it should be http1.1, http2 or grpc")
    draft.put("routing.protocolVersion", known)


def _check(item: Item, draft: Draft) -> None:
    if isinstance(item.value, dict):
        apply(_HEALTH, item, draft)
    else:
        draft.put("healthCheck.path", text(item))


_HEALTH: Final[Table] = {
    "path": to("healthCheck.path", text),
    "port": to("healthCheck.port", number),
    "success_codes": to("healthCheck.matcher", text),
    "healthy_threshold": to("healthCheck.healthyThreshold", number),
    "unhealthy_threshold": to("healthCheck.unhealthyThreshold", number),
    "interval": to("healthCheck.interval", seconds),
    "timeout": to("healthCheck.timeout", seconds),
    "grace_period": to("healthCheck.startPeriod", seconds),
    "protocol": lost("the health check speaks the protocol of the target group"),
}


def _rules(item: Item, draft: Draft) -> None:
    rules: list[JsonValue] = []
    for one in item.items():
        rule = draft.part()
        apply(_RULE, one, rule)
        fields = rule.data.get("routing")
        if fields:
            rules.append(fields)
    if rules:
        draft.put("routing.rules", rules)


_RULE: Final[Table] = {
    "path": _path,
    "alias": _alias,
    "allowed_source_ips": to("routing.sources", texts),
    "target_container": lost(_TARGET),
    "target_port": lost(_TARGET),
    "healthcheck": lost("a service has one target group, and so one health check"),
    "stickiness": lost("a service has one target group: write it once, in http"),
    "deregistration_delay": lost("a service has one target group: write it once, in http"),
    "hosted_zone": lost("the platform has the DNS zone"),
    "version": lost("a service has one target group: write it once, in http"),
}
HTTP: Final[Table] = {
    **_RULE,
    "healthcheck": _check,
    "deregistration_delay": to("routing.deregistrationDelay", seconds),
    "stickiness": _stickiness,
    "version": _version,
    "additional_rules": _rules,
    "redirect_to_https": lost("the platform's load balancer redirects to HTTPS"),
}


def http(item: Item, draft: Draft) -> None:
    """Put the routing; `http: false` has none."""
    if item.value is False:
        draft.put("type", "internal")
        return
    apply(HTTP, item, draft)
    if draft.get("routing") is not None and draft.get("routing.paths") is None:
        draft.put("routing.paths", ["/*"])
    if draft.get("routing.protocolVersion") == "GRPC" and draft.get("healthCheck.matcher") is None:
        draft.put("healthCheck.matcher", "0-99")
        if draft.get("healthCheck.path") is None:
            draft.put("healthCheck.path", "/AWS.ALB/healthcheck")  # the load balancer's default for gRPC
        draft.check(item, "any answer of gRPC is healthy: write the codes that are")


def _listener(item: Item, draft: Draft) -> None:
    port, _, protocol = text(item).partition("/")
    if not port.isdigit():
        raise Unsaid("it should be a port such as 443/tls")
    draft.put("listeners", [{"port": int(port), "protocol": (protocol or "tcp").upper()}])


_NLB: Final[Table] = {
    "port": _listener,
    "target_port": to("port", number),
    "alias": lost("the DNS record of the load balancer is yours"),
    "target_container": lost(_TARGET),
    "healthcheck": within(_HEALTH),
    "ssl_policy": lost("the platform has one policy for TLS"),
    "stickiness": lost("it belongs to routing"),
    "additional_listeners": lost("write them in listeners"),
}


def load_balancer(item: Item, draft: Draft) -> None:
    """Put the listeners of a network load balancer."""
    apply(_NLB, item, draft)
