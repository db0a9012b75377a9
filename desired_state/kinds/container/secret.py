"""Sources of secret values: a secret of Secrets Manager, a part or a version of one, or a parameter of SSM.

A source is text or a mapping; both are kept as written, so that a manifest with plain names has the digest it always
had. The text is the one that ECS has after the ARN of a secret: `NAME:key:stage:version`, where parts may be empty.
Sources: Amazon ECS developer guide, "Pass Secrets Manager secrets through Amazon ECS environment variables" and "Pass
Systems Manager parameters through Amazon ECS environment variables".
"""

import re
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    GetJsonSchemaHandler,
    JsonValue,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError

from desired_state.kinds.fields import Strict, Text, refuse
from desired_state.located import quote

_ARN_END: Final = re.compile(r"-[A-Za-z0-9]{6}$")  # Secrets Manager appends such a suffix to every secret's ARN
_OF_PARAMETER: Final = re.compile(r"arn:[a-z-]+:ssm:")
_PARTS_OF_ARN: Final = 7
# A name with an exclamation mark is one that an AWS service gave: RDS names a database's password rds!db-… (Amazon RDS
# user guide, "Password management with Amazon RDS and AWS Secrets Manager").
_NAME: Final = r"(?:[a-z][a-z0-9-]*!)?[A-Za-z0-9/_+=.@-]+"
_SECRET_ARN: Final = rf"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:{_NAME}-[A-Za-z0-9]{{6}}"
# Systems Manager user guide, "Creating Parameter Store parameters": letters, digits and _.-, in levels after a slash.
_PATH: Final = r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*"
_PARAMETER_ARN: Final = r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*"


def _unlike_arn(secret: str) -> str:
    if not secret.startswith("arn:") and _ARN_END.search(secret):
        message = f"{quote(secret)} ends in a hyphen and six characters, as an ARN does: AWS would take it for one"
        raise refuse(f"{message}, so give the secret another name")
    return secret


def _name_only(secret: str) -> str:
    """Refuse what is not the name of a whole secret of this account, with the name to write where one is known."""
    if _OF_PARAMETER.match(secret):
        raise refuse(f"{quote(secret)} is a parameter of SSM Parameter Store: write the name of a secret")
    name, _, part = re.sub(r"^arn:[a-z-]+:secretsmanager:[^:]*:[^:]*:secret:", "", secret).partition(":")
    if part.strip(":") and not name.startswith("arn"):
        raise refuse(f"{quote(secret)} is a part of a secret, but here stands a whole one: write {quote(name)}")
    if secret.startswith("arn:") and name and name != "arn":
        raise refuse(f"{quote(secret)} is an ARN: write the name of the secret, {quote(_ARN_END.sub('', name))}")
    return secret


def _whole_arn(secret: str) -> str:
    """Refuse what is no whole ARN: a secret of another account is found by nothing less."""
    if _OF_PARAMETER.match(secret):
        raise refuse(f"{quote(secret)} is a parameter of SSM: write it under parameter")
    if secret.startswith("arn:") and not re.fullmatch(_SECRET_ARN, secret):
        message = f"{quote(secret)} is not the ARN of a secret, which ends in a hyphen and six characters"
        raise refuse(f"{message}: write all of it, or the secret's name")
    return secret


def _of_ssm_itself(parameter: str) -> str:
    if parameter.removeprefix("/").startswith("aws/reference/secretsmanager/"):
        secret = parameter.removeprefix("/").removeprefix("aws/reference/secretsmanager/")
        raise refuse(f"{quote(parameter)} leads to Secrets Manager: write the secret's name, {quote(secret)}")
    return parameter


SecretId = Annotated[
    str,
    AfterValidator(_whole_arn),
    Text(rf"{_NAME}|{_SECRET_ARN}", "the name of a secret in Secrets Manager", 600),
    AfterValidator(_unlike_arn),
]
SecretName = Annotated[
    str,
    AfterValidator(_name_only),
    Text(r"[A-Za-z0-9/_+=.@-]+", "the name of a secret in Secrets Manager", 512),
    AfterValidator(_unlike_arn),
]
# The code can read what an AWS service made, too; a platform cannot make such a name.
ReadableName = Annotated[
    str,
    AfterValidator(_name_only),
    Text(_NAME, "the name of a secret in Secrets Manager", 512),
    AfterValidator(_unlike_arn),
]
JsonKey = Annotated[str, Text(r"[^:\s\x00-\x1f\x7f]+", "a key of a secret's JSON, without spaces and colons", 255)]
# AWS Secrets Manager API reference, GetSecretValue: VersionId, VersionStage.
Version = Annotated[str, Text(r"[A-Za-z0-9-]{32,64}", "the id of a version: write its 32 to 64 characters", 64)]
Stage = Annotated[str, Text(r"[A-Za-z0-9/_+=.@-]+", "a stage of versions such as AWSPREVIOUS", 256)]
Parameter = Annotated[
    str,
    Text(rf"{_PATH}|{_PARAMETER_ARN}", "a parameter of SSM: write its name, such as /orders/url, or its ARN", 1011),
    AfterValidator(_of_ssm_itself),
]


class SecretSource(Strict):
    """The place that the value of a variable comes from: `secret` or `parameter`.

    Of a secret that is JSON, `key` is the part to take; `stage` or `version` is the version, in place of the current
    one."""

    secret: SecretId | None = None
    key: JsonKey | None = None
    version: Version | None = None
    stage: Stage | None = None
    parameter: Parameter | None = None

    _text: str | None = PrivateAttr(None)

    @model_validator(mode="wrap")
    @classmethod
    def _text_or_mapping(cls, value: Any, read: ModelWrapValidatorHandler["SecretSource"]) -> "SecretSource":
        if isinstance(value, SecretSource):
            return value
        if not isinstance(value, str | dict):
            raise PydanticKnownError("string_type")
        found = read(_parts(value) if isinstance(value, str) else value)
        if isinstance(value, str):
            found._text = value
        return found

    @model_validator(mode="after")
    def _one_place(self) -> "SecretSource":
        if (self.secret is None) == (self.parameter is None):
            raise refuse("a source of a secret is one of secret and parameter: write exactly one of them")
        for name in ("key", "version", "stage"):
            if self.parameter is not None and getattr(self, name) is not None:
                raise refuse(f"a parameter has no {name}: remove it, or write secret", inside=(name,))
        if self.version is not None and self.stage is not None:
            raise refuse("a version is named by version or by stage: remove one", inside=("stage",))
        return self

    @model_serializer(mode="plain")
    def _as_written(self) -> JsonValue:
        if self._text is not None:
            return self._text
        fields: dict[str, str | None] = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe both forms, for editors."""
        return {**handler(schema), "type": ["string", "object"], "minLength": 1}

    @property
    def is_arn(self) -> bool:
        """Return whether it is named by an ARN, which may be another account's."""
        return (self.secret or self.parameter or "").startswith("arn:")

    @property
    def part(self) -> str:
        """Return the end of the source in ECS's form: `:key:stage:version`, empty for the whole current value."""
        parts = (self.key, self.stage, self.version)
        return "".join(f":{part or ''}" for part in parts) if any(parts) else ""

    @property
    def name(self) -> str:
        """Return its name or ARN, without a part."""
        return self.secret or self.parameter or ""


def _parts(text: str) -> dict[str, str]:
    """Return the fields that a text stands for. Text of another form is a secret's name, which is refused then."""
    if _OF_PARAMETER.match(text):
        return {"parameter": text}
    split = text.split(":")
    length = _PARTS_OF_ARN if text.startswith("arn:") else 1
    names = ("key", "stage", "version")
    if len(split) > length + len(names):
        return {"secret": text}
    given = {"secret": ":".join(split[:length]), **dict(zip(names, split[length:], strict=False))}
    return {name: value for name, value in given.items() if value or name == "secret"}
