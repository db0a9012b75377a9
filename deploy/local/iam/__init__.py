"""IAM policies evaluated as AWS documents it: pure, plain documents in, a decision with its reason out.

    request = Request("s3:GetObject", "arn:aws:s3:::bucket/key", role_session(ROLE), {"aws:SourceVpc": "vpc-1"})
    decide(request, Policies(identity=[read(document)], boundary=read(boundary))).allowed

No library on PyPI evaluates conditions and boundaries: those that read policies list what a statement names
(policyuniverse, policy_sentry, cloudsplaining, policyglass), and moto's own check ignores conditions. So this is the
smallest evaluator that answers AWS's published examples; `tests/iam/published_conditions.py` and
`published_decisions.py` hold them, each with its page. Left out, because no policy of ours has it: grants of KMS,
access control lists, canonical users, resource control policies.
"""

from deploy.local.iam.decision import Decision, Policies, decide
from deploy.local.iam.policy import Policy, Statement, read
from deploy.local.iam.principal import Principal, account_root, federated, role_session, service, user
from deploy.local.iam.request import Request

__all__ = [
    "Decision",
    "Policies",
    "Policy",
    "Principal",
    "Request",
    "Statement",
    "account_root",
    "decide",
    "federated",
    "read",
    "role_session",
    "service",
    "user",
]
