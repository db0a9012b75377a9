"""Forms that secrets take in resources and texts, made up and put together from parts."""

import base64
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}=*")
_HEX, _WIDE = "0123456789abcdef", "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Form:
    """One form: attributes of a resource, with a secret in them."""

    secret: str
    attributes: Mapping[str, Any]

    def seen_in(self, text: str) -> bool:
        """Return whether a text holds the secret: either end of it, or the base64 that hides it."""
        given = json.dumps(self.attributes)
        ends = [self.secret[:12], self.secret[-12:]]
        telling = ends if self.secret[:12] in given else [run[:24] for run in _ENCODED.findall(given)]
        return any(part in text for part in telling)


def forms(seed: int = 11) -> dict[str, Form]:
    """Return every form by its name, each with a secret of its own."""
    rng = random.Random(seed)

    def of(letters: str, length: int) -> str:
        return "".join(rng.choices(letters, k=length))

    made: dict[str, Form] = {}
    for name, make in _TABLE.items():
        # A letter and a digit in front: no form may depend on the luck of the draw.
        secret = f"k4{of(_WIDE, 18)}"
        found = make(secret)
        made[name] = Form(secret, found) if isinstance(found, Mapping) else Form(secret, {"note": found})
    for name, (before, letters, length) in _TOKENS.items():
        secret = before + of(letters, length)
        secret += "-us12" if name == "Mailchimp" else ""
        made[f"token: {name}"] = Form(secret, {"note": f"connecting with {secret} to it"})
    return made


def _task(**container: Any) -> dict[str, Any]:
    return {"container_definitions": json.dumps([{"name": "app", "image": "registry/app:1", **container}])}


def _pairs(name: str, secret: str) -> list[dict[str, str]]:
    return [{"name": name, "value": secret}]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_TABLE: Mapping[str, Callable[[str], Any]] = {
    # Arguments after the flag of a credential.
    "argument: --password X": lambda s: {"command": ["serve", "--password", s]},
    "argument: --password=X": lambda s: {"command": ["serve", f"--password={s}"]},
    "argument: -password X": lambda s: {"command": ["serve", "-password", s]},
    "argument: --db-pass X": lambda s: {"command": ["serve", "--db-pass", s]},
    "argument: --api-key X": lambda s: {"command": ["serve", "--api-key", s]},
    "argument: --auth-token X": lambda s: {"command": ["serve", "--auth-token", s]},
    "argument: --requirepass X": lambda s: _task(command=["redis-server", "--requirepass", s]),
    "argument: redis-cli -a X": lambda s: _task(command=["redis-cli", "-h", "cache", "-a", s, "ping"]),
    "argument: sshpass -p X": lambda s: {"command": ["sshpass", "-p", s, "ssh", "host"]},
    "argument: mysql -pX": lambda s: {"command": ["mysql", "-u", "root", f"-p{s}", "orders"]},
    "argument: curl -u user:X": lambda s: {"command": ["curl", "-u", f"robot:{s}", "https://host.example/"]},
    "argument: curl --user user:X": lambda s: {"command": ["curl", "--user", f"robot:{s}", "https://host.example/"]},
    "argument: curl -H Authorization": lambda s: {"command": ["curl", "-H", f"Authorization: Bearer {s}"]},
    "argument: curl -H X-Api-Key": lambda s: {"command": ["curl", "-H", f"X-Api-Key: {s}", "https://host.example/"]},
    "argument: entry point": lambda s: _task(entryPoint=["/bin/app", "--client-secret", s]),
    "argument: command of a container": lambda s: _task(command=["--token", s]),
    "argument: shell of a container": lambda s: _task(command=["sh", "-c", f"serve --password '{s}' --port 80"]),
    "argument: PGPASSWORD=X psql": lambda s: _task(command=["sh", "-c", f"PGPASSWORD={s} psql -h db"]),
    "argument: in a line of a log": lambda s: f"started: serve --port 80 --secret-key {s} --verbose",
    "argument: a list in a line": lambda s: f'started ["serve", "--password", "{s}"] as pid 7',
    "argument: an assignment in a list": lambda s: {"command": ["env", f"DB_PASSWORD={s}", "serve"]},
    # Health checks.
    "health check: redis-cli": lambda s: _task(healthCheck={"command": ["CMD-SHELL", f"redis-cli -a {s} ping"]}),
    "health check: mysqladmin": lambda s: _task(
        healthCheck={"command": ["CMD", "mysqladmin", "ping", "-uroot", f"-p{s}"]}
    ),
    "health check: curl": lambda s: _task(
        healthCheck={"command": ["CMD-SHELL", f"curl -f -u probe:{s} http://localhost:8080/health || exit 1"]}
    ),
    "health check: a header": lambda s: _task(
        healthCheck={"command": ["CMD-SHELL", f"curl -fH 'X-Auth-Token: {s}' http://localhost/"]}
    ),
    "health check: a query": lambda s: _task(
        healthCheck={"command": ["CMD-SHELL", f"curl 'http://localhost/health?key={s}'"]}
    ),
    # Logs of containers.
    "FireLens: Header Authorization": lambda s: _task(
        logConfiguration={"logDriver": "awsfirelens", "options": {"Header": f"Authorization Bearer {s}"}}
    ),
    "FireLens: Header X-Api-Key": lambda s: _task(
        logConfiguration={"logDriver": "awsfirelens", "options": {"Header": f"X-Api-Key {s}"}}
    ),
    "FireLens: http_Passwd": lambda s: _task(
        logConfiguration={"logDriver": "awsfirelens", "options": {"http_User": "robot", "http_Passwd": s}}
    ),
    "FireLens: apikey": lambda s: _task(logConfiguration={"logDriver": "awsfirelens", "options": {"apikey": s}}),
    "FireLens: license_key": lambda s: _task(
        logConfiguration={"logDriver": "awsfirelens", "options": {"license_key": s}}
    ),
    "Splunk: splunk-token": lambda s: _task(logConfiguration={"logDriver": "splunk", "options": {"splunk-token": s}}),
    "Splunk: Authorization": lambda s: f"POST /services/collector Authorization: Splunk {s}",
    # Labels.
    "label: a token": lambda s: _task(dockerLabels={"com.example.deploy-token": s}),
    "label: a password": lambda s: _task(dockerLabels={"com.example.db.password": s}),
    "label: basic auth": lambda s: _task(
        dockerLabels={"traefik.http.middlewares.a.basicauth.users": f"a:$apr1$x7/{s}"}
    ),
    "label: JSON": lambda s: _task(
        dockerLabels={"com.datadoghq.ad.instances": json.dumps([{"host": "%%host%%", "password": s}])}
    ),
    "tag": lambda s: {"tags": {"webhook_secret": s}},
    # Environments.
    "environment: a container": lambda s: _task(environment=_pairs("GREETING", s)),
    "environment: a sidecar of two": lambda s: _task(environment=[*_pairs("A", "x"), *_pairs("B", s)]),
    "environment: a Lambda function": lambda s: {"environment": [{"variables": {"GREETING": s}}]},
    "environment: a CodeBuild project": lambda s: {
        "environment": [
            {
                "image": "aws/codebuild/standard:7.0",
                "environment_variable": [{"type": "PLAINTEXT", **_pairs("A", s)[0]}],
            }
        ]
    },
    "environment: a Batch job": lambda s: {
        "container_properties": json.dumps({"image": "app:1", "environment": _pairs("GREETING", s)})
    },
    "environment: App Runner": lambda s: {
        "source_configuration": [
            {"image_repository": [{"image_configuration": [{"runtime_environment_variables": {"GREETING": s}}]}]}
        ]
    },
    "environment: Amplify": lambda s: {"environment_variables": {"GREETING": s}},
    "environment: SageMaker": lambda s: {"primary_container": [{"environment": {"GREETING": s}}]},
    "environment: overrides of a rule": lambda s: {
        "input": json.dumps({"containerOverrides": [{"name": "app", "environment": _pairs("GREETING", s)}]})
    },
    "environment: a state machine": lambda s: {
        "definition": json.dumps({"States": {"A": {"Parameters": {"Environment": [{"Name": "A", "Value": s}]}}}})
    },
    "environment: a pipeline": lambda s: {
        "stage": [{"action": [{"configuration": {"EnvironmentVariables": json.dumps(_pairs("GREETING", s))}}]}]
    },
    "environment: a compose file": lambda s: {"environment": [f"GREETING={s}"]},
    "environment: Beanstalk": lambda s: {
        "setting": [{"namespace": "aws:elasticbeanstalk:application:environment", "name": "DB_PASS", "value": s}]
    },
    # Names.
    **{
        f"name: {name}": lambda s, name=name: {name: s}  # type: ignore[misc]
        for name in (
            *("password", "db_pass", "dbPass", "DB_PASS", "smtp_pass", "userpass", "passphrase", "authorization"),
            *("auth", "redis_auth", "dsn", "sentry_dsn", "DATABASE_DSN", "cookie", "session_cookie", "api_key"),
            *(
                "openai_key",
                "accountKey",
                "signing_key",
                "some_new_key",
                "Pwd",
                "db_pwd",
                "client_secret",
                "auth_token",
            ),
            *("connection_string", "jwt", "admin_pw", "azure_storage_connectionString", "X-Api-Key"),
        )
    },
    "name: a pair of name and value": lambda s: {"parameter": [{"name": "MasterPassword", "value": s}]},
    "name: a pair of CloudFormation": lambda s: {"p": [{"parameter_key": "DbPassword", "parameter_value": s}]},
    "name: JSON in a text": lambda s: {"secret_string_of_old": json.dumps({"db_pass": s})},
    "name: db_pass = X": lambda s: f"could not start: db_pass = {s} was refused",
    "name: auth: X": lambda s: f"config has auth: {s}",
    "name: some_key=X": lambda s: f"refused some_key={s}",
    # Connections.
    "connection: postgres": lambda s: f"cannot reach postgres://orders:{s}@db.example:5432/orders",
    "connection: redis without a user": lambda s: f"cannot reach redis://:{s}@cache.example:6379/0",
    "connection: amqp": lambda s: {"broker": f"amqps://app:{s}@mq.example:5671"},
    "connection: mongodb": lambda s: {"uri": f"mongodb+srv://app:{s}@cluster.example/?retryWrites=true"},
    "connection: a slash in the password": lambda s: f"postgres://orders:a/{s}@db.example/orders",
    "connection: MySQL of Go": lambda s: f"orders:{s}@tcp(db.example:3306)/orders?parseTime=true",
    "connection: ADO Pwd": lambda s: f"Server=db.example;Database=orders;Uid=app;Pwd={s};SslMode=Required",
    "connection: ADO Password": lambda s: f"Server=tcp:db.example,1433;User ID=app;Password={s};Encrypt=True",
    "connection: libpq": lambda s: f"host=db.example user=app password={s} sslmode=require",
    "connection: JDBC": lambda s: f"jdbc:postgresql://db.example/orders?user=app&password={s}",
    "connection: JDBC of Oracle": lambda s: f"jdbc:oracle:thin:scott/{s}@//db.example:1521/orders",
    "connection: Azure AccountKey": lambda s: (
        f"DefaultEndpointsProtocol=https;AccountName=orders;AccountKey={s * 4}{'A' * 6}==;EndpointSuffix=core.example"
    ),
    "connection: Azure SharedAccessKey": lambda s: f"Endpoint=sb://bus.example/;SharedAccessKey={s}",
    "connection: Azure sig": lambda s: f"https://orders.blob.example/c?sv=2024-01-01&sr=c&sig={s}",
    "connection: a signed URL": lambda s: f"https://bucket.example/x?X-Amz-Date=20240101T000000Z&X-Amz-Signature={s}",
    "connection: Sentry": lambda s: f"https://{s}@o1.ingest.example/42",
    # Headers.
    "header: Authorization Basic": lambda s: f"sent Authorization: Basic {_encoded('robot:' + s)}",
    "header: in a map": lambda s: {"headers": {"Authorization": f"Basic {s}"}},
    "header: X-Vault-Token": lambda s: f"GET /v1/secret X-Vault-Token: {s}",
    "header: Cookie": lambda s: f"GET / Cookie: session={s}",
    "header: of CloudFront": lambda s: {"custom_header": [{"name": "X-Origin-Secret", "value": s}]},
    # Base64.
    "base64: in a text": lambda s: f"user data: {_encoded(f'export DB_PASSWORD={s}')} (applied)",
    "base64: of a URL": lambda s: f"config={_encoded(f'postgres://a:{s}@db/x')}",
    "base64: the safe alphabet": lambda s: {
        "user_data": base64.urlsafe_b64encode(f"#!/bin/sh\nexport API_TOKEN={s}???>>>\n".encode()).decode()
    },
    "base64: user and password": lambda s: {"note": f"robot sends {_encoded('robot:' + s)}"},
    "base64: a registry": lambda s: {"content": json.dumps({"auths": {"r.example": {"auth": _encoded("u:" + s)}}})},
    "PEM in a text": lambda s: f"key: -----BEGIN RSA PRIVATE KEY-----\n{s * 3}\n-----END RSA PRIVATE KEY-----",
    "crypt of a password": lambda s: f"root:$6$rounds{s}$abc",
}
# What a token begins with, its letters, and how many follow.
_TOKENS: Mapping[str, tuple[str, str, int]] = {
    "Stripe": ("sk_" + "live_", _WIDE, 24),
    "Stripe, restricted": ("rk_" + "live_", _WIDE, 24),
    "Slack": ("xox" + "b-123456789012-", _WIDE, 24),
    "GitHub": ("gh" + "p_", _WIDE, 36),
    "GitHub, fine-grained": ("github" + "_pat_", _WIDE, 40),
    "GitLab": ("gl" + "pat-", _WIDE, 20),
    "GitLab, runner": ("gl" + "rt-", _WIDE, 20),
    "SendGrid": ("S" + "G.abcdefghijklmnopqrstuv.", _WIDE, 43),
    "npm": ("np" + "m_", _WIDE, 36),
    "PyPI": ("py" + "pi-AgEIcHlwaS5vcmc", _WIDE, 80),
    "Twilio": ("S" + "K", _HEX, 32),
    "Square": ("sq0" + "csp-", _WIDE, 43),
    "Mailchimp": ("", _HEX, 32),
    "Telegram": ("123456789:", _WIDE, 35),
    "Discord": ("MNOPQRSTUVWXYZabcdefghij.abcdef.", _WIDE, 27),
    "Artifactory": ("A" + "KC", _WIDE, 30),
    "OpenAI": ("s" + "k-proj-", _WIDE, 40),
    "Google": ("AI" + "za", _WIDE, 35),
    "Vault": ("hv" + "s.", _WIDE, 24),
    "AWS": ("AK" + "IA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    "Databricks": ("da" + "pi", _HEX, 32),
    "DigitalOcean": ("dop" + "_v1_", _HEX, 64),
    "Shopify": ("sh" + "pat_", _HEX, 32),
}
