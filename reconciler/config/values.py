"""Types of configuration values, each with a message that states the allowed values.

Values are validated here, where the key and the place in the file are known, so that no other layer checks them again.
"""

import json
import re
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, StringConstraints

from desired_state.kinds.policy import Window

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_LONGEST = timedelta(days=366)
_DURATION = re.compile(r"(\d{1,11})(ms|[smhd])")
_TEMPLATE_FIELD = re.compile(r"\{([^{}]*)\}")


def read_duration(value: Any) -> timedelta:
    """Parse `30s`, `10m`, `2h`, `1d` or `500ms`, at most 366 days. Raises: ValueError."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a duration such as 30s, 10m or 2h")
    amount, unit = int(match[1]), _UNITS[match[2]]
    if amount > _LONGEST // unit:
        raise ValueError("must be at most 366d")
    return amount * unit


def write_duration(value: timedelta) -> str:
    """Return the shortest spelling that `read_duration` parses to the same value."""
    unit = next((unit for unit in ("d", "h", "m", "s") if value and value % _UNITS[unit] == timedelta(0)), "s")
    if value % _UNITS[unit]:
        unit = "ms"
    return f"{value // _UNITS[unit]}{unit}"


def read_window(text: str) -> Window:
    """Parse a change window such as `mon,tue,wed 08:00-17:00 Europe/Berlin`. Raises: ValueError."""
    days, hours, timezone = text.split()
    begin, end = hours.split("-")
    return Window.model_validate_json(
        json.dumps({"days": days.split(","), "from": begin, "to": end, "timezone": timezone})
    )


def _window(value: str) -> str:
    try:
        read_window(value)
    except ValueError:
        form = "days, hours and a time zone, such as mon,tue,wed 08:00-17:00 Europe/Berlin"
        raise ValueError(f"must be {form}") from None
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than 0s")
    return value


def _account(value: Any) -> Any:
    # YAML reads an unquoted account number as an integer; the parser already refuses one with a leading zero.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _template(value: str) -> str:
    unknown = [name for name in _TEMPLATE_FIELD.findall(value) if name not in {"account", "region"}]
    if unknown or set(_TEMPLATE_FIELD.sub("", value)) & set("{}"):
        raise ValueError("may contain {account} and {region} and no other braces")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value.format(account="1" * 12, region="eu-central-1")):
        raise ValueError("must yield an S3 bucket name: 3 to 63 lower-case letters, digits, dots and dashes")
    return value


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("must be a date such as 2027-03-31, in quotes") from None


def _web_url(value: str) -> str:
    if not re.fullmatch(r"https?://[\w.\[\]:-]+(/[\w.~:/%-]*)?", value):
        raise ValueError("must be a URL such as https://host/path, without user, password or query")
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    _web_url(value.get_secret_value())
    return value


def _program(value: list[str]) -> list[str]:
    if value and "/" in value[0] and not value[0].startswith("/"):
        raise ValueError("must begin with the name of a program on PATH, or with an absolute path")
    return value


def explained(pattern: str, message: str) -> AfterValidator:
    """Return a validator that wants the whole text to match a pattern, and else says what is allowed."""
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if not expression.fullmatch(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


Duration = Annotated[timedelta, BeforeValidator(read_duration)]
"""A duration that may be 0s."""

Interval = Annotated[Duration, AfterValidator(_positive)]
"""A duration that must be longer than 0s."""

ChangeWindow = Annotated[str, AfterValidator(_window)]
"""A change window in one line."""

Account = Annotated[
    str,
    BeforeValidator(_account),
    explained(r"\d{12}", 'must be an AWS account number: 12 digits, in quotes ("012345678901")'),
]
Region = Annotated[str, explained(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", "must be an AWS region such as eu-central-1")]
RoleArn = Annotated[
    str,
    explained(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}",
        "must be the ARN of a role, such as arn:aws:iam::111122223333:role/reconciler",
    ),
]
KmsKey = Annotated[
    str,
    explained(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/[\w/-]{1,256}|alias/[\w/-]{1,256}|[0-9a-f-]{36}",
        "must be the id, the alias (alias/…) or the ARN of a KMS key",
    ),
]
StateKey = Annotated[
    str,
    explained(
        r"default|arn:aws[a-z-]*:kms:({region}|[a-z0-9-]+):({account}|\d{12}):(key|alias)/[\w/{}-]{1,256}"
        r"|alias/[\w/{}-]{1,256}|[0-9a-f-]{36}",
        "must be the id, the alias (alias/…) or the ARN of a KMS key, or default for the bucket's own",
    ),
]
Endpoint = Annotated[
    str, explained(r"https?://[\w.\[\]:-]+/?", "must be a URL such as http://127.0.0.1:5000, without a path")
]
WebUrl = Annotated[str, AfterValidator(_web_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
"""A URL that is itself a secret, such as a webhook's."""
EnvironmentName = Annotated[
    str,
    explained(
        r"[a-z]([a-z0-9-]{0,14}[a-z0-9])?",
        "must be at most 16 lower-case letters, digits and dashes, beginning with a letter",
    ),
]
TenantName = Annotated[
    str,
    explained(
        r"[a-z](?:[a-z0-9-]{0,22}[a-z0-9])?",
        "must be at most 24 lower-case letters, digits and dashes, beginning with a letter",
    ),
]
BucketTemplate = Annotated[str, AfterValidator(_template)]
BucketName = Annotated[
    str,
    explained(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "must be an S3 bucket name: 3 to 63 lower-case letters, digits, dots and dashes",
    ),
]
TableName = Annotated[str, explained(r"[A-Za-z0-9_.-]{3,255}", "must be a DynamoDB table name")]
StatePrefix = Annotated[
    str, explained(r"([A-Za-z0-9._-]+/)*", "must be empty or end with a slash, such as teams/payments/")
]
Branch = Annotated[
    str,
    explained(
        r"(?!.*(\.\.|//|@\{|\.lock(/|$)))[A-Za-z0-9_][A-Za-z0-9_./+-]{0,200}(?<![./])",
        "must be the name of a Git branch or tag",
    ),
]
HostName = Annotated[
    str,
    explained(
        r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
        "must be a host name in small letters, without a port, such as reconciler.example.org",
    ),
]
Origin = Annotated[
    str, explained(r"https?://[a-z0-9.-]+(:\d{1,5})?", "must be an origin such as https://deploy.example.org")
]
PersonName = Annotated[
    str,
    explained(
        r"[A-Za-z0-9]([A-Za-z0-9._@+-]{0,46}[A-Za-z0-9])?",
        "must be a name of at most 48 letters, digits, dots, dashes, underscores and @",
    ),
]
TokenName = Annotated[
    str, explained(r"[A-Za-z0-9._@+-]{1,64}", "must be at most 64 letters, digits, dots, dashes, underscores and @")
]
EmailAddress = Annotated[str, explained(r"[^\s@\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,190}", "must be an e-mail address")]
Sha256 = Annotated[
    str, explained(r"[0-9a-f]{64}", "must be 64 digits from 0-9 and a-f: `reconciler token create` prints them")
]
LoadBalancerArn = Annotated[
    str,
    explained(
        r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+",
        "must be the ARN of an Application Load Balancer: arn:aws:elasticloadbalancing:…:loadbalancer/app/NAME/ID",
    ),
]
Day = Annotated[str, AfterValidator(_day)]
"""A date such as 2027-03-31; what ends on it is good until its first second, in UTC."""
ProviderSource = Annotated[
    str,
    explained(
        r"([a-z0-9.-]+\.[a-z]+(:\d+)?/)?[a-z0-9-]+/[a-z0-9-]+",
        "must be the source of a provider, such as hashicorp/random",
    ),
]
ModuleSource = Annotated[
    str,
    explained(
        r"(?!\.{0,2}/)[^\x00-\x20\x7f]+/",
        "must be the beginning of a module's source up to a slash, such as git::https://git.example.com/modules/",
    ),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^[^\x00-\x1f\x7f]+$")]
PolicyName = Annotated[
    str,
    explained(
        r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", "must be lower-case letters, digits and single hyphens, such as bedrock"
    ),
]
PolicyArn = Annotated[
    str,
    explained(
        r"arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy/[\w+=,.@/-]{1,512}",
        "must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/AmazonBedrockReadOnly",
    ),
]
PolicyException = Annotated[
    str,
    explained(
        r"[a-z0-9-]+/[a-z0-9-]+ \S.*",
        "must be an instance and an address, separated by a space, such as develop/site aws_s3_bucket_policy.site",
    ),
]
PolicyCommand = Annotated[list[Text], AfterValidator(_program)]


class Section(BaseModel):
    """Base of all sections of the configuration: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
