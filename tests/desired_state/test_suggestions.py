"""Each suggestion of a message is followed, and the manifest is then valid."""

import re

import pytest

from desired_state.kinds.manifest import read
from tests.desired_state.manifests import build_from, document, messages, module, platform, problems_of, service

SERVICE = """\
apiVersion: reconciler/v1
kind: Service
metadata: {name: orders}
spec:
  environments: [develop]
  type: internal
  runtime: nodejs
  repository: acme/orders
  cpu: 256
  memory: 512
  port: 8080
  scaling: {min: 1, max: 2}
"""
SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/db-06XQOH"
PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/db"


def problems(text: str) -> list[str]:
    found = read(document(text))
    return [problem.message for problem in found] if isinstance(found, tuple) else []


def problems_with(*lines: str) -> list[str]:
    """Return the messages about the service with these lines of its spec, instead of those of the same fields."""
    fields = {line.partition(":")[0] for line in lines}
    kept = [line for line in SERVICE.splitlines() if line.strip().partition(":")[0] not in fields]
    return problems("\n".join([*kept, *(f"  {line}" for line in lines), ""]))


@pytest.mark.parametrize(
    ("bad", "message", "followed"),
    [
        ("env: {A: on}", "on is ambiguous (a boolean or text): write true, or quote it", "env: {A: true}"),
        ("env: {A: 0o14}", "0o14 is ambiguous (a number or text): write 12, or quote it", 'env: {A: "0o14"}'),
        (
            "policy: {suspend: yes}",
            "yes is ambiguous (a boolean or text): write true",
            "policy: {suspend: true}",
        ),
        ("port: 08080", "08080 is ambiguous (text or 8080): write 8080", "port: 8080"),
        ("port: 8_080", "8_080 is ambiguous (a number or text): write 8080", "port: 8080"),
        (
            "image: {tag: 7654e32}",
            '7654e32 is ambiguous (a number or text): write "7654e32"',
            'image: {tag: "7654e32"}',
        ),
        ("image: {tag: 1234567}", "spec.image.tag must be text: put it in quotes", 'image: {tag: "1234567"}'),
        (
            "image: nginx:latest",
            '"nginx:latest" is not a mapping: write {repository: "docker.io/library/nginx", tag: "latest"}, '
            'or {tag: "latest"} for an image of the service\'s own registry',
            'image: {repository: "docker.io/library/nginx", tag: "latest"}',
        ),
        (
            "image: registry.example:5000/acme/orders:1.2",
            '"registry.example:5000/acme/orders:1.2" is not a mapping: write {repository: '
            '"registry.example:5000/acme/orders", tag: "1.2"}, '
            'or {tag: "1.2"} for an image of the service\'s own registry',
            'image: {repository: "registry.example:5000/acme/orders", tag: "1.2"}',
        ),
        (
            "sidecars: [{name: a, image: 'nginx:latest'}]",
            '"nginx:latest" names no registry: on Docker Hub this is "docker.io/library/nginx:latest"',
            'sidecars: [{name: a, image: "docker.io/library/nginx:latest"}]',
        ),
        ('cpu: "256"', "spec.cpu must be a whole number: write 256 without quotes", "cpu: 256"),
        ("memory: 0.5GB", '"0.5GB" has a unit, but memory is in MiB: write 512', "memory: 512"),
        ("memory: 1024 MiB", '"1024 MiB" has a unit, but memory is in MiB: write 1024', "memory: 1024"),
        (
            "healthCheck: {path: /, interval: 6s}",
            '"6s" is a duration, but this time is in seconds: write 6',
            "healthCheck: {path: /, interval: 6}",
        ),
        (
            "healthCheck: {path: /, start_period: 15}",
            'unknown field "start_period": did you mean "startPeriod"?',
            "healthCheck: {path: /, startPeriod: 15}",
        ),
        ("dependsOn: payments", "spec.dependsOn must be a list: put it in brackets", "dependsOn: [payments]"),
        (
            'env: ["PORT=90"]',
            "spec.env must be a mapping: write each entry as NAME: value, without a hyphen",
            "env: {PORT: '90'}",
        ),
        (
            "secrets: [shop/db]",
            "spec.secrets must be a mapping: write each entry as NAME: value, without a hyphen",
            "secrets: {DB: shop/db}",
        ),
        (
            f"runtimeSecrets: ['{SECRET_ARN}']",
            'is an ARN: write the name of the secret, "shop/db"',
            "runtimeSecrets: [shop/db]",
        ),
        (
            "runtimeSecrets: ['shop/db:user::']",
            'is a part of a secret, but here stands a whole one: write "shop/db"',
            "runtimeSecrets: [shop/db]",
        ),
        (
            f"secrets: {{DB: {{secret: '{PARAMETER}'}}}}",
            "is a parameter of SSM: write it under parameter",
            f"secrets: {{DB: {{parameter: '{PARAMETER}'}}}}",
        ),
        (
            "secrets: {DB: {parameter: /aws/reference/secretsmanager/shop/db}}",
            'leads to Secrets Manager: write the secret\'s name, "shop/db"',
            "secrets: {DB: shop/db}",
        ),
        (
            "secrets: {DB: {secret: shop/db, kye: url}}",
            'unknown field "kye": did you mean "key"?',
            "secrets: {DB: {secret: shop/db, key: url}}",
        ),
        (
            "sidecars: [{name: a, image: a.example/a:1, command: sleep 60}]",
            "spec.sidecars[0].command must be a list: write every word as an item of its own",
            "sidecars: [{name: a, image: a.example/a:1, command: [sleep, '60']}]",
        ),
        ("prot: 8080", 'unknown field "prot": port is written too, so remove this one', "port: 8080"),
        (
            "healthCheck: {path: /}\n  port:",
            "a worker (an internal service without port) has no path to ask for: write command, or add port",
            "healthCheck: {path: /}\n  port: 8080",
        ),
        (
            "policy: {windows: [{days: [mon], from: 08:00, to: '18:00', timezone: Europe/Berlin}]}",
            '08:00 is ambiguous (a base-60 number or text): write "08:00"',
            "policy: {windows: [{days: [mon], from: \"08:00\", to: '18:00', timezone: Europe/Berlin}]}",
        ),
        (
            "policy: {windows: [{days: [mon, mno], from: '08:00', to: '18:00', timezone: UTC}]}",
            '"mno" is not a choice for spec.policy.windows[0].days[1]: the choices are fri, sat, sun, thu, tue, wed',
            "policy: {windows: [{days: [mon, fri], from: '08:00', to: '18:00', timezone: UTC}]}",
        ),
    ],
)
def test_a_suggestion_of_validate_leads_to_a_valid_manifest(bad: str, message: str, followed: str) -> None:
    (found,) = problems_with(*bad.split("\n  "))
    assert found.endswith(message)
    assert problems_with(*followed.split("\n  ")) == []


@pytest.mark.parametrize(
    "written",
    [
        "deploy: {rollbackAlarms: {cpu: 70}}",
        "ports: [80]",
    ],
)
def test_no_field_is_suggested_that_does_not_take_the_value(written: str) -> None:
    (found,) = problems_with(written)
    suggested = re.search(r'did you mean "(\w+)"', found)
    if suggested:
        assert problems_with(written.replace(written.partition(":")[0], suggested[1])) == []
    else:
        assert "the choices are alarms, " in found or "is written too, so remove this one" in found


def test_a_dependency_that_is_suggested_exists_there_and_is_another_instance() -> None:
    """A name of another environment, and the service's own, would be refused once they are written."""
    elsewhere = {**service("ordersdb"), "spec": {**service("ordersdb")["spec"], "environments": ["prod"]}}
    snapshot = build_from(platform(), service("orders", dependsOn=["ordesr"]), elsewhere, environments=None)
    assert messages(snapshot.problems) == ['the dependency "ordesr" does not exist: the choices are platform']
    followed = build_from(platform(), service("orders", dependsOn=["platform"]), elsewhere, environments=None)
    assert followed.problems == ()


def test_an_environment_that_is_suggested_is_not_listed_yet() -> None:
    manifest = module(environments=["develop", "devlop"])
    assert messages(build_from(platform(), manifest).problems) == ['there is no environment "devlop": remove it']
    assert messages(build_from(platform(), module(environments=["devlop"])).problems) == [
        'there is no environment "devlop": did you mean "develop"?'
    ]
    overridden = {**service(), "overrides": {"develop": {"port": 1}, "devlop": {"port": 2}}}
    assert problems_of(overridden) == ['"devlop" is not in spec.environments: remove it']


def test_of_thousands_of_mistakes_all_are_reported_and_the_first_ones_explained() -> None:
    """A suggestion takes a comparison with all names, and some take a validation of the whole manifest."""
    found = problems(SERVICE + "".join(f"  zzz{number}: 1\n" for number in range(3000)))
    assert len(found) == 3000
    assert sum("the choices are" in message for message in found) == 200


def test_of_many_ambiguous_values_in_a_large_manifest_the_first_ones_are_explained_by_their_field() -> None:
    filling = "".join(f"    A{number}: a\n" for number in range(10_000))
    command = "  sidecars:\n  - name: a\n    image: a.example/a:1\n    command:\n" + "    - on\n" * 50
    found = problems(f"{SERVICE}{command}  env:\n{filling}")
    assert len(found) == 50
    assert 5 <= sum(message.endswith('write "on"') for message in found) < 50
    assert all(message.startswith("on is ambiguous (a boolean or text): write ") for message in found)
