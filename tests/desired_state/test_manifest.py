"""Manifests are strict, and every mistake is reported at its place with an explanation."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given

from desired_state.kinds.manifest import ModuleSpec, Service, read
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.fargate import SIZES
from desired_state.kinds.service.spec import ServiceSpec
from tests.desired_state.manifests import document, module, platform, problems_of, service, services, valid

FOUR_MISTAKES = """\
apiVersion: reconciler/v1
kind: Service
metadata:
  name: orders
spec:
  environments: [develop]
  type: public
  runtime: nodejs
  runtime: nodejs
  repository: acme/orders
  cpu: 256
  memory: 700
  port: 010
  prot: 8080
  scaling: {min: 1, max: 2}
  routing: {paths: ["/orders/*"], priority: 120}
"""
PROXY = {"name": "proxy", "image": "registry.example/proxy:1"}


def test_four_mistakes_in_one_file_are_four_problems() -> None:
    problems = read(document(FOUR_MISTAKES))
    assert isinstance(problems, tuple)
    assert [str(problem) for problem in problems] == [
        'a.yaml:9:3: duplicate key "runtime": the first one is at 8:3',
        "a.yaml:12:11: memory 700 is not valid for cpu 256 on Fargate: the choices are 512, 1024 and 2048",
        "a.yaml:13:9: 010 is ambiguous (8 or 10): write 10",
        'a.yaml:14:3: unknown field "prot": port is written too, so remove this one',
    ]


def test_defaults_are_those_of_the_documentation() -> None:
    spec = valid(service()).spec
    assert isinstance(spec, ServiceSpec)
    assert (spec.policy.mode, spec.policy.prune, spec.policy.interval) == ("auto", True, timedelta(minutes=30))
    assert (spec.image, spec.routing, spec.health_check, spec.kafka) == (None, None, None, None)
    assert (spec.scaling.cpu, spec.scaling.memory) == (60, 70)
    settings = valid(platform()).spec
    assert isinstance(settings, PlatformSpec)
    assert (settings.network.nat, settings.cluster.insights, settings.cluster.spot) == ("one_per_az", None, False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "worker"}, '"worker" is not a choice for spec.type: the choices are internal, public'),
        ({"runtime": "node"}, '"node" is not a choice for spec.runtime: did you mean "nodejs"?'),
        ({"repository": "orders"}, '"orders" is not a repository: write owner/name'),
        ({"cpu": 300}, "cpu 300 is not a Fargate size: the choices are 256, 512, 1024, 2048, 4096, 8192 and 16384"),
        (
            {"cpu": 4096},
            "memory 512 is not valid for cpu 4096 on Fargate: the choices are 8192 to 30720 in steps of 1024",
        ),
        ({"cpu": "256"}, "spec.cpu must be a whole number: write 256 without quotes"),
        ({"cpu": 256.0}, "spec.cpu must be a whole number: write 256"),
        ({"cpu": True}, "spec.cpu must be a whole number"),
        ({"scaling": None}, "spec.scaling is missing"),
        ({"scaling": {"min": 3}}, "max 2 is less than min 3"),
        ({"scaling": {"min": -1}}, "spec.scaling.min is -1, but must be at least 0"),
        (
            {"scaling": []},
            "spec.scaling must be a mapping of fields: min, max, cpu, memory, requestsPerTarget, queue, schedules,"
            " cooldowns",
        ),
        ({"port": 65536}, "spec.port is 65536, but must be at most 65535"),
        ({"type": "public"}, "a public service needs routing (paths)"),
        (
            {"routing": {"paths": ["/"], "priority": 1}},
            "an internal service has no routing: remove it, or write type: public",
        ),
        (
            {"port": None, "healthCheck": {"path": "/"}},
            "a worker (an internal service without port) has no path to ask for: write command, or add port",
        ),
        ({"healthCheck": {"path": "/", "timeout": 30}}, "timeout 30 is not shorter than interval 30"),
        ({"healthCheck": {"path": "health"}}, '"health" is not a path: it begins with "/" and has no spaces'),
        ({"image": {"tag": 1234567}}, "spec.image.tag must be text: put it in quotes"),
        ({"image": {"tag": "a b"}}, '"a b" is not an image tag'),
        ({"env": {"LEVEL": [3]}}, "spec.env.LEVEL must be text"),
        ({"env": {"1ST": "a"}}, '"1ST" is not the name of an environment variable'),
        ({"env": {"A": "x"}, "secrets": {"A": "x"}}, "A is both in env and in secrets: remove one"),
        (
            {"secrets": {"A": "arn:aws:secretsmanager"}},
            '"arn:aws:secretsmanager" is not the ARN of a secret, which ends in a hyphen and six characters: '
            "write all of it, or the secret's name",
        ),
        (
            {"secrets": {"A": "orders/db-secret"}},
            '"orders/db-secret" ends in a hyphen and six characters, as an ARN does: '
            "AWS would take it for one, so give the secret another name",
        ),
        (
            {"healthCheck": {"path": "/", "matcher": "500"}},
            '"500" is not a matcher: write status codes such as "200" or "200-299"',
        ),
        (
            {"environments": ["internal"]},
            '"internal" begins with internal-, which AWS does not allow in names of load balancers',
        ),
        ({"kafka": {"brokers": ["b-1"]}}, '"b-1" is not a broker: write host:port'),
        ({"kafka": {"brokers": ["b-1:70000"]}}, '"b-1:70000" has a port above 65535'),
        ({"kafka": {"brokers": []}}, "spec.kafka.brokers needs at least 1"),
        (
            {"kafka": {"brokers": ["b:1"]}, "env": {"KAFKA_BOOTSTRAP_SERVERS": "b:1"}},
            "KAFKA_BOOTSTRAP_SERVERS is set by kafka: remove it from env",
        ),
        (
            {"sidecars": [{"name": "proxy", "image": "acme/proxy"}]},
            '"acme/proxy" is not an image: write registry/repository:tag, or @sha256: and its digest',
        ),
        ({"sidecars": [PROXY, PROXY]}, '"proxy" is listed twice'),
        (
            {"sidecars": [PROXY | {"memory": 512}]},
            "the sidecars take 512 MiB, which leaves nothing of memory 512 to the service",
        ),
        (
            {"sidecars": [PROXY | {"env": {"A": "x"}, "secrets": {"A": "x"}}]},
            "A is both in env and in secrets: remove one",
        ),
        (
            {"preDeployment": {"command": ["migrate"]}},
            "preDeployment needs image: without it the pipeline deploys, and would not run the command first",
        ),
        ({"image": {"tag": "1"}, "preDeployment": {"command": []}}, "spec.preDeployment.command needs at least 1"),
        (
            {"image": {"tag": "1"}, "preDeployment": {"command": ["migrate"], "timeout": "2h"}},
            "timeout 2h is out of range: write 10s to 1h",
        ),
        ({"runtimeSecrets": ["a/b", "a/b"]}, '"a/b" is listed twice'),
        ({"dependsOn": ["payments", "payments"]}, '"payments" is listed twice'),
        ({"dependsOn": "payments"}, "spec.dependsOn must be a list: put it in brackets"),
        ({"environments": []}, "spec.environments needs at least 1"),
        (
            {"environments": ["a-name-far-too-long"]},
            '"a-name-far-too-long" is longer than 16 characters',
        ),
        ({"policy": {"mode": "autom"}}, '"autom" is not a choice for spec.policy.mode: did you mean "auto"?'),
        ({"policy": {"interval": 30}}, '"30" is not a duration: write it as 30s, 10m, 2h or 1d'),
        ({"policy": {"interval": "8d"}}, "8d is longer than 7d"),
        ({"policy": {"suspend": "true"}}, "spec.policy.suspend must be true or false: write true without quotes"),
    ],
)
def test_a_mistake_in_a_service_is_explained(changes: dict[str, Any], message: str) -> None:
    assert problems_of(service(**changes)) == [message]


@pytest.mark.parametrize("name", ["DB_PASSWORD", "clientSecret", "auth_token", "API_KEY", "apikey", "PRIVATE_KEY"])
def test_a_name_that_looks_like_a_secret_is_rejected_in_env(name: str) -> None:
    assert problems_of(service(env={name: "x"})) == [
        f"{name} looks like a secret: store it in Secrets Manager and write that secret's name under secrets"
    ]
    assert problems_of(service(secrets={name: "orders/x"})) == []


def test_every_rejected_variable_has_a_problem_at_its_name() -> None:
    text = "spec:\n  env:\n    A_TOKEN: x\n    B_TOKEN: x\n"
    problems = read(document("kind: Service\n" + text))
    assert isinstance(problems, tuple)
    assert [(problem.line, problem.column) for problem in problems if "secret" in problem.message] == [(4, 5), (5, 5)]


def test_a_public_service_may_leave_its_port_to_its_runtime() -> None:
    public = service(type="public", routing={"paths": ["/"], "priority": 1}, healthCheck={"path": "/"}, port=None)
    assert problems_of(public) == []


def test_an_unknown_or_missing_kind_is_a_problem() -> None:
    assert problems_of({"kind": "Servce"}) == ['"Servce" is not a kind of manifest: did you mean "Service"?']
    assert problems_of({"a": 1}) == ["kind is missing: the choices are Job, Module, Platform, Service"]


def test_an_unknown_api_version_is_a_problem() -> None:
    assert problems_of({**service(), "apiVersion": "reconciler/v2"}) == [
        '"reconciler/v2" is not a choice for apiVersion: did you mean "reconciler/v1"?'
    ]


def test_fargate_has_74_sizes_and_no_others() -> None:
    pairs = {(cpu, memory) for cpu, choices in SIZES.items() for memory in choices}
    assert len(pairs) == 74
    all_memory = sorted({memory for _, memory in pairs} | {0, 700, 3000, 131072})
    for cpu, memory in product(SIZES, all_memory):
        found = problems_of(service(cpu=cpu, memory=memory))
        assert (found == []) == ((cpu, memory) in pairs)
        assert all(str(cpu) in message and str(memory) in message for message in found)


@pytest.mark.parametrize("name", ["Orders", "1st", "a--b", "a-", "-a", "a_b", "ä", "a" * 25, "", "a\n"])
def test_a_name_is_a_short_dns_label(name: str) -> None:
    assert len(problems_of(service(name, repository="a/b"))) == 1


def test_a_service_has_at_most_thirty_labels() -> None:
    labels = {f"label{number}": "x" for number in range(31)}
    assert problems_of({**service(), "metadata": {"name": "orders", "labels": labels}}) == [
        "metadata.labels has 31, but may have at most 30"
    ]


def test_a_module_takes_any_inputs() -> None:
    spec = valid(module(inputs={"rules": [{"a": None}], "deep": {"flag": True}})).spec
    assert isinstance(spec, ModuleSpec)
    assert spec.inputs == {"retention": 30, "rules": [{"a": None}], "deep": {"flag": True}}


@pytest.mark.parametrize(
    "value", ['${file("/etc/passwd")}', "%{ for x in y }", '"; rm -rf /', "$(id)", "{{ a }}", "é✓"]
)
def test_values_are_never_interpreted(value: str) -> None:
    spec = valid(service(env={"VALUE": value})).spec
    assert isinstance(spec, ServiceSpec)
    assert spec.env == {"VALUE": value}


def test_control_characters_are_rejected_except_line_breaks_and_tabs() -> None:
    assert problems_of(service(env={"VALUE": "a\x1bb"})) == ["the control character U+001B is not allowed: remove it"]
    assert problems_of(service(env={"VALUE": "a\nb\tc"})) == []


@given(services())
def test_every_generated_service_is_valid(manifest: dict[str, Any]) -> None:
    assert isinstance(valid(manifest), Service)


def test_no_message_has_the_wording_of_the_validation_library() -> None:
    """Give every field of a service five invalid values; none of the messages may be pydantic's own."""
    wrong: list[Any] = [[[1]], {"x": {"y": 1}}, 1.5, True, "\u2603 no"]
    manifest = service()
    for field, value in product([*manifest["spec"], "routing", "policy", "kafka", "dependsOn", "env"], wrong):
        found = problems_of({**manifest, "spec": {**manifest["spec"], field: value}})
        assert found, (field, value)
        for message in found:
            assert not any(word in message for word in ("Input", "input", "valid string", "is not valid")), message
