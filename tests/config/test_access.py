"""Access rules from a configuration: people, tokens and roles, what is open, and what the start warns of."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from reconciler.app.access import access, warnings
from reconciler.config.effective import effective
from reconciler.config.models import ConfigFailed
from reconciler.core.access.people import fingerprint
from reconciler.core.access.permissions import allows
from reconciler.core.access.refusals import CredentialRefused
from reconciler.core.principal import Role
from reconciler.edges.telemetry.access_metrics import AccessMetrics
from reconciler.web.access import Access
from tests.config.configuration import DEVELOP, problems, read

ANN = f"""\
auth:
  people:
    ann: {{roles: [read, {{role: approve, environments: [develop], tenants: [shop]}}], emails: [ann@example.org]}}
  tokens:
    ann-1: {{person: ann, sha256: "{fingerprint("hers")}", expires: "2027-03-31"}}
  socket: {{deploy: [operate]}}
"""
TODAY = date(2026, 11, 27)
EXPIRES = datetime(2027, 3, 31, tzinfo=UTC)


def rules(text: str) -> Access:
    """Return the rules of a configuration."""
    return access(read(text), AccessMetrics(CollectorRegistry()))


def test_people_tokens_and_roles_come_from_the_configuration() -> None:
    people = rules(ANN).people
    ann, token = people.by_token("hers", EXPIRES - timedelta(seconds=1))
    assert (ann.name, ann.emails, token and token.id) == ("ann", frozenset({"ann@example.org"}), "ann-1")
    assert allows(ann, Role.READ, "prod")
    assert allows(ann, Role.APPROVE, "develop", "shop")
    assert not allows(ann, Role.APPROVE, "develop", "bank")
    assert not allows(ann, Role.OPERATE, "prod", "shop")
    assert allows(people.by_account("deploy", is_own=False), Role.OPERATE, None)
    with pytest.raises(CredentialRefused, match="expired"):
        people.by_token("hers", EXPIRES)


def test_the_former_shared_token_goes_on_and_is_warned_about() -> None:
    text = "auth: {token: a-token-of-this-test-run}\n"
    assert rules(text).people.by_token("a-token-of-this-test-run", EXPIRES)[0].personal is False
    assert [warning.split(":")[0] for warning in warnings(read(text), TODAY)] == ["auth.token"]
    assert warnings(read(""), TODAY) == []


@pytest.mark.parametrize(("day", "warned"), [(16, False), (17, True), (31, True)])
def test_a_token_that_ends_within_two_weeks_is_named_at_start(day: int, warned: bool) -> None:
    found = warnings(read(ANN), date(2027, 3, day))
    assert [warning.split()[0] for warning in found] == (["auth.tokens.ann-1"] if warned else [])


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("", True),
        ("http: {host: localhost}", True),
        ("http: {host: '::1'}", True),
        ("http: {host: 0.0.0.0}", False),
        ("http: {host: 10.0.0.7}", False),
        ("http: {hosts: [reconciler.example.org]}", False),
        ("auth: {reading: role}", False),
    ],
)
def test_reading_is_open_only_while_nothing_but_this_machine_reaches_the_api(text: str, is_open: bool) -> None:
    assert rules(text).open_reading is is_open
    if "host:" in text and not is_open:
        assert len(warnings(read(text), TODAY)) == 2  # plain HTTP, and nobody is known


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ANN.replace("person: ann", "person: anne"), "tokens.ann-1.person: 'anne' is not in auth.people"),
        (ANN.replace('"2027-03-31"', '"soon"'), "must be a date such as 2027-03-31"),
        (ANN.replace(fingerprint("hers"), "hers"), "must be 64 digits from 0-9 and a-f"),
        (ANN.replace("role: approve", "role: boss"), "must be 'read', 'operate', 'approve' or 'admin'"),
        ("auth: {people: {ann: {emails: [a@x.org]}, ben: {emails: [A@x.org]}}}", "belongs to ann and to ben"),
        ("auth: {people: {token: {}}}", "none may be called token"),
        ("auth: {people: {ann: {}, ANN: {}}}", "names must differ in more than upper case"),
        ("auth: {oidc: {issuer: 'https://idp.example.org'}}", "an issuer needs an audience"),
        ("auth: {load_balancer: {arn: front}}", "must be the ARN of an Application Load Balancer"),
        ("http: {tls: {certificate: cert.pem}}", "certificate and key belong together"),
        ("http: {hosts: ['reconciler.example.org:8080']}", "must be a host name in small letters"),
        ("http: {origins: ['*']}", "must be an origin such as https://deploy.example.org"),
    ],
)
def test_a_mistake_is_refused_with_its_place(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert problem in found


def test_a_role_names_an_environment_that_exists() -> None:
    text = ANN.replace("[develop]", "[prodd]") + f"git: {{directory: m}}\nenvironments: {{{DEVELOP}}}\n"
    with pytest.raises(ConfigFailed, match=r"auth: a role names the environment .prodd., which is not configured"):
        read(text).check_runnable()


def test_shown_settings_of_people_can_be_loaded_again() -> None:
    first = read(ANN)
    assert effective(read(json.dumps(effective(first)))) == effective(first)
