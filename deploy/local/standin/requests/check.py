"""The refusal of a request that breaks its service's model, with the error code that the service documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from deploy.local.standin.requests.constraints import violations
from deploy.local.standin.requests.problems import Kind, Problem
from deploy.local.standin.requests.reading import Reading

# Errors for invalid parameters, by the names that services give them; an operation's model lists its own.
DOCUMENTED = (
    "ValidationException",
    "ValidationError",
    "InvalidParameterException",
    "InvalidParameterValueException",
    "InvalidInputException",
    "InvalidInput",
    "InvalidRequestException",
    "WAFInvalidParameterException",
)
# "Common Errors" of the EC2 API reference: docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
EC2 = {Kind.MISSING: "MissingParameter", Kind.UNKNOWN: "UnknownParameter"}
EC2_ELSE = "InvalidParameterValue"
# docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
S3_DOCUMENT = "MalformedXML"
S3_DOCUMENT_TEXT = "The XML you provided was not well-formed or did not validate against our published schema"
S3_ELSE = "InvalidArgument"
SERIALIZATION = "SerializationException"  # of the protocols in JSON, for a value of another type


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    message: str
    status: int = 400


def check(reading: Reading) -> Refusal | None:
    """Return the refusal of a request, None for one that keeps to the model."""
    problems = [*reading.problems]
    if reading.model.input_shape is not None:
        problems += violations(reading.model.input_shape, reading.parameters)
    if not problems:
        return None
    code = _code(reading, problems[0])
    return Refusal(code, _message(code, problems))


def _code(reading: Reading, problem: Problem) -> str:
    if reading.service == "ec2":
        return EC2.get(problem.kind, EC2_ELSE)
    if reading.service == "s3":
        return S3_DOCUMENT if _in_document(reading, problem) else S3_ELSE
    if reading.protocol == "query":
        return "ValidationError"  # "Common Errors" of IAM, STS, SNS, CloudWatch, Elastic Load Balancing
    if problem.kind is Kind.TYPE and reading.protocol != "rest-xml":
        return SERIALIZATION
    return _documented(reading.model)


@cache
def _documented(model: Any) -> str:
    """Return the error that the operation's model lists; without one, that of the common errors of most services."""
    listed = {str(shape.name) for shape in model.error_shapes}
    return next((name for name in DOCUMENTED if name in listed), "ValidationException")


def _in_document(reading: Reading, problem: Problem) -> bool:
    """Return True for the body of a REST request, False for its path, query string and headers."""
    member = reading.model.input_shape.members.get(problem.place.partition(".")[0])
    return member is None or "location" not in member.serialization


def _message(code: str, problems: list[Problem]) -> str:
    first, texts = problems[0], "; ".join(problem.text for problem in problems)
    if code == EC2[Kind.MISSING]:
        return f"The request must contain the parameter {first.place}"
    if code == EC2[Kind.UNKNOWN]:
        return f"The parameter {first.place} is not recognized"
    if code == S3_DOCUMENT:
        return f"{S3_DOCUMENT_TEXT} ({texts})"
    return f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: {texts}"
