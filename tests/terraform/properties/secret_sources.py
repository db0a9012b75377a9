"""Sources of secrets, generated: names, parts and versions, what AWS services made, other accounts, parameters."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties import strategies

secret_names = st.from_regex(r"[a-z]{1,6}/[a-z_]{1,9}", fullmatch=True)
made_by_rds = st.uuids().map("rds!db-{}".format)
parts = st.sampled_from(["", ":key::", "::AWSPREVIOUS:", f":key::{'0' * 32}"])


@st.composite
def elsewhere(draw: st.DrawFn, environment: Variables) -> Variables:
    """Draw another place of the same partition, as an environment."""
    regions = strategies.REGIONS[environment["partition"]]
    return environment | {"account_id": draw(strategies.accounts), "region": draw(st.sampled_from(regions))}


@st.composite
def origins(draw: st.DrawFn, environment: Variables) -> str:
    """Draw a secret or parameter, as the root names it: without a part."""
    where = draw(st.just(environment) | elsewhere(environment))
    name = draw(secret_names)
    secret = strategies.arn(where, "secretsmanager", f"secret:{name}-AbCdEf")
    parameter = strategies.arn(where, "ssm", f"parameter/{name}")
    return draw(st.just(name) | made_by_rds | st.sampled_from([secret, parameter]))


@st.composite
def sources(draw: st.DrawFn, environment: Variables) -> str:
    """Draw a secret or parameter, and of a secret a part or version."""
    origin = draw(origins(environment))
    return origin if ":ssm:" in origin else origin + draw(parts)


def secrets(environment: Variables) -> st.SearchStrategy[dict[str, str]]:
    """Draw the secrets of a container."""
    names = st.from_regex(r"[A-Z][A-Z0-9]{0,6}_S", fullmatch=True)
    return st.dictionaries(names, sources(environment), max_size=3)


def origin(source: str) -> str:
    """Return a source without part and version."""
    return source if ":ssm:" in source else ":".join(source.split(":")[: 7 if source.startswith("arn:") else 1])


def arns(environment: Variables, sources: list[str], service: str) -> set[str]:
    """Return the secrets or parameters among sources by ARN; of a name, without the end that AWS gives it."""
    found = {
        one if one.startswith("arn:") else strategies.arn(environment, "secretsmanager", f"secret:{one}")
        for one in map(origin, sources)
    }
    return {arn for arn in found if f":{service}:" in arn}


def has_platforms_key(source: str) -> bool:
    """Return whether a secret is one that platforms make, so that its key is known."""
    return not source.startswith("arn:") and "!" not in source
