"""Violations, and the statements of the requirements that can be checked on a live account."""

from collections.abc import Mapping
from dataclasses import dataclass

# Number and title as in docs/requirements.md, which a test holds to these.
STATEMENTS: Mapping[int, str] = {
    5: "KMS encryption at rest",
    6: "TLS encryption in transit",
    7: "ECR vulnerability scanning",
    8: "VPC network segmentation",
    9: "CloudWatch log retention",
    10: "Security group least privilege",
    11: "Container insights enabled",
    12: "CodeConnections authentication",
    13: "CodeBuild integration",
    15: "Pipeline per service",
    16: "Zero-downtime deployment configuration",
    17: "ECR repository per service",
    18: "ECR tag immutability",
    19: "ECR lifecycle policy",
    27: "Private subnet placement",
    29: "Service-specific log groups",
    30: "CloudWatch alarms creation",
    31: "ALB access logging",
    32: "Pipeline notifications",
    36: "VPC Flow Logs enabled",
    40: "TLS termination",
    47: "Cluster per environment",
    50: "Environment-based IAM restrictions",
    51: "Mandatory environment tags",
    55: "Mandatory compliance tags",
}
# No statement of the requirements: what an environment needs of its account. See docs/verify.md.
PREREQUISITE = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """One resource that violates one statement. `found` describes what is there instead."""

    resource: str
    statement: int
    found: str

    @property
    def title(self) -> str:
        return STATEMENTS.get(self.statement, "Prerequisite")
