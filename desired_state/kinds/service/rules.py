"""Rules of a public service at the load balancer: the conditions of each, and redirects.

Sources: Elastic Load Balancing API reference, RuleCondition, its configurations and RedirectActionConfig; Application
Load Balancer user guide, "Condition types for listener rules".
"""

import re
from ipaddress import ip_network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from desired_state.kinds.fields import Distinct, IfSet, Strict, Text, refuse
from desired_state.located import quote

MOST_VALUES: Final = 5  # of all conditions of a rule together


def _not_host(name: str) -> str:
    if name.lower() == "host":
        raise refuse('"Host" is no condition on a header: write the host under hosts')
    return name


def _network(cidr: str) -> str:
    try:
        network = ip_network(cidr)
    except ValueError as error:
        raise refuse(f"{quote(cidr)} is not a range of addresses: write it as 192.0.2.0/24") from error
    if "/" not in cidr:
        raise refuse(f"{quote(cidr)} is one address: write {network}")
    return cidr


PathPattern = Annotated[str, Text(r"/[A-Za-z0-9_.$/~\"'@:+&*?-]*", 'a path pattern: it begins with "/"', 128)]
HostPattern = Annotated[
    str,
    Text(r"(?:[a-z0-9*?-]+\.)+[a-z]+", "a host in lower case, such as shop.example.com or *.example.com", 128),
]
HeaderName = Annotated[str, Text(r"[A-Za-z0-9_-]+", "the name of a header", 40), AfterValidator(_not_host)]
Value = Annotated[str, Text(r"[ -~]+", "a value to compare: write visible ASCII characters", 128)]
Values = Annotated[tuple[Value, ...], Field(min_length=1, max_length=MOST_VALUES), Distinct]
Method = Annotated[str, Text(r"[A-Z_-]+", "a method, in capital letters", 40)]
Source = Annotated[str, AfterValidator(_network)]
_Hosts = Annotated[tuple[HostPattern, ...], Field(max_length=MOST_VALUES), Distinct]
_Methods = Annotated[tuple[Method, ...], Field(max_length=MOST_VALUES), Distinct]
_Sources = Annotated[tuple[Source, ...], Field(max_length=MOST_VALUES), Distinct]
_Priority = Annotated[int, Field(ge=1, le=50000)]


class Conditions(Strict):
    """The requests of one rule: a request fulfils each condition that is written, by one of its values.

    The rule with the lowest priority number wins. `headers` and `query` have a condition for each name."""

    paths: Annotated[tuple[PathPattern, ...], Field(min_length=1, max_length=MOST_VALUES), Distinct]
    priority: Annotated[_Priority | None, IfSet] = None
    hosts: Annotated[_Hosts, IfSet] = ()
    headers: Annotated[dict[HeaderName, Values], IfSet] = Field(default_factory=dict)
    methods: Annotated[_Methods, IfSet] = ()
    query: Annotated[dict[Value, Values], IfSet] = Field(default_factory=dict)
    sources: Annotated[_Sources, IfSet] = ()

    @model_validator(mode="after")
    def _within_the_limits_of_a_rule(self) -> Self:
        if (count := len(self.paths) + self.other_values) > MOST_VALUES:
            message = f"a rule has at most {MOST_VALUES} values in all its conditions, and this one has {count}"
            raise refuse(f"{message}: write some of them as one more entry of routing.rules")
        lower = [name.lower() for name in self.headers]
        for index, name in enumerate(self.headers):
            if lower[index] in lower[:index]:
                raise refuse(f"the header {quote(name)} is listed twice", inside=("headers", name))
        return self

    @property
    def other_values(self) -> int:
        """Return the number of values of all conditions but the paths."""
        named = [*self.headers.values(), *self.query.values()]
        return len(self.hosts) + len(self.methods) + len(self.sources) + sum(map(len, named))

    @property
    def rank(self) -> int:
        """Return the priority. Raises ValueError while an automatic one is not assigned."""
        if self.priority is None:
            raise ValueError(f"the rule for {', '.join(self.paths)} has no priority yet")
        return self.priority

    @property
    def unlike_paths(self) -> tuple[object, ...]:
        """Return the conditions but the paths, to compare those of two rules."""
        names = ({name.lower(): frozenset(found) for name, found in self.headers.items()}, dict(self.query))
        return frozenset(self.hosts), frozenset(self.methods), frozenset(self.sources), *names


class Rule(Conditions):
    """One more rule that leads to the service."""


class RedirectTarget(Strict):
    """The address that a request is sent to. What is not written stays as in the request.

    `#{host}`, `#{path}` (without its first slash), `#{port}` and `#{query}` stand for the parts of the request."""

    host: Annotated[Annotated[str, Text(r"[A-Za-z0-9.#{}-]+", "the host of a redirect", 128)] | None, IfSet] = None
    path: Annotated[
        Annotated[str, Text(r"/[!-~]*", 'the path of a redirect: it begins with "/"', 128)] | None, IfSet
    ] = None
    query: Annotated[Annotated[str, Text(r"[!->@-~][!-~]*", 'a query, without its "?"', 128)] | None, IfSet] = None
    port: Annotated[Annotated[int, Field(ge=1, le=65535)] | None, IfSet] = None

    @model_validator(mode="after")
    def _leads_elsewhere(self) -> Self:
        changed = {
            "host": self.host not in (None, "#{host}"),
            "path": self.path not in (None, "/#{path}"),
            "port": self.port is not None,
        }
        if not any(changed.values()):
            raise refuse("this redirect leads to itself: write another host, path or port")
        return self


class Redirect(Conditions):
    """A rule that sends requests elsewhere. `permanent` redirects (301) are kept by browsers for good."""

    to: RedirectTarget
    permanent: bool = False


Algorithm = Literal["round_robin", "least_outstanding_requests", "weighted_random"]
CookieName = Annotated[str, Text(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", "the name of a cookie", 256)]


def reserved_cookie(name: str) -> bool:
    """Return whether load balancers keep this name for themselves."""
    return re.match(r"AWSALB(?:APP|TG)?", name) is not None
