"""Recovery: what an apply that never reported its end may have created without the state knowing it.

Terraform writes its state every few seconds and at the end. When it is killed, whatever AWS created in between is
missing in the state, and the next plan wants to create it again. Most resources are named by their root, so that AWS
refuses the second, or treats it as the first. AWS would silently create the others twice.
"""

from collections.abc import Iterable

from reconciler.core.plan.model import UNKNOWN, Change, Plan
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.wording import first_few

# AWS has no two of one name, number or place: it refuses the second or takes it for the first. A second revision of a
# task definition does no harm, nor a second access point, through which no role may mount. Source: the errors that the
# API references of these services list for a second create.
_ONCE = frozenset(
    {
        *("aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action", "aws_appautoscaling_target"),
        *("aws_cloudtrail", "aws_cloudwatch_dashboard"),
        *("aws_cloudwatch_log_group", "aws_cloudwatch_log_metric_filter", "aws_cloudwatch_log_resource_policy"),
        *("aws_cloudwatch_metric_alarm", "aws_codebuild_project", "aws_codepipeline"),
        *("aws_codestarnotifications_notification_rule", "aws_db_instance"),
        *("aws_default_network_acl", "aws_default_security_group", "aws_dynamodb_table", "aws_ecr_lifecycle_policy"),
        *("aws_ecr_repository", "aws_ecr_repository_policy", "aws_ecs_cluster", "aws_ecs_cluster_capacity_providers"),
        *("aws_ecs_service", "aws_ecs_task_definition", "aws_efs_access_point", "aws_kms_alias"),
        *("aws_lambda_function", "aws_lb"),
        *("aws_lb_listener", "aws_lb_listener_rule", "aws_lb_target_group", "aws_route", "aws_route_table_association"),
        *("aws_secretsmanager_secret", "aws_secretsmanager_secret_rotation", "aws_security_group"),
        *("aws_service_discovery_private_dns_namespace", "aws_service_discovery_service", "aws_sns_topic"),
        *("aws_sns_topic_policy", "aws_sns_topic_subscription", "aws_sqs_queue", "aws_ssm_parameter", "aws_subnet"),
        *("aws_wafv2_web_acl", "aws_wafv2_web_acl_association", "aws_wafv2_web_acl_logging_configuration"),
    }
)
_ONCE_BY_FAMILY = ("aws_config_", "aws_iam_", "aws_s3_bucket")
_NOWHERE = ("null_", "random_", "terraform_data", "time_", "tls_")  # they exist in a state and nowhere else
_NAMES = ("name", "bucket", "identifier")
_SHOWN = 5


def is_unrecorded(plan: Plan, outside: Iterable[Change], record: Record) -> bool:
    """Return whether AWS is as an interrupted apply of ours was to leave it and only the state does not know that.

    `outside`: what changed outside of Terraform, without noise. All of it must have been that apply's.
    """
    if not record.attempted or record.applied_digest is not None or record.plan is None:
        return False
    ours = {change.address for change in record.plan.changes}
    return (
        plan.is_empty
        and any(each.address in ours for each in plan.drift)
        and all(each.address in ours for each in outside)
    )


def creates(plan: Plan) -> tuple[str, ...]:
    """Return the addresses that the plan would create, replacements included."""
    return tuple(change.address for change in plan.changes if "create" in change.actions)


def may_exist(record: Record, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return those of the addresses that an apply without a known end may have created already."""
    before = frozenset(record.intent.creates) if record.intent else frozenset[str]()
    return tuple(address for address in addresses if address in before)


def silent_duplicates(plan: Plan, record: Record) -> tuple[str, ...]:
    """Return the addresses that AWS would silently create twice."""
    doubtful = frozenset(may_exist(record, creates(plan)))
    return tuple(change.address for change in plan.changes if change.address in doubtful and not _once(change))


def explain_duplicates(addresses: tuple[str, ...]) -> str:
    """Explain why an operator must check before these are created."""
    return (
        f"an apply did not report its end, and may have created {first_few(addresses, _SHOWN)} without the state"
        " knowing it; AWS would create it a second time. Look for it, then import it (`terraform import`,"
        " `spec.import`) or delete it"
    )


def recovery_message(record: Record, intent: Intent) -> str | None:
    """Return the message while the recovery is applied; None when nothing may have been created already."""
    found = may_exist(record, intent.creates)
    return (
        f"recovering from an apply that did not report its end; may exist already: {first_few(found, _SHOWN)}"
        if found
        else None
    )


def explain_existing(addresses: Iterable[str]) -> str:
    """Explain what to do about addresses for which AWS already has something of that name."""
    return (
        f"In AWS, but not in the state: {first_few(addresses, _SHOWN)}. If an interrupted apply created it,"
        " import it (`terraform import`, `spec.import`); else rename it here, or delete it there"
    )


def _once(change: Change) -> bool:
    if change.type.startswith(_NOWHERE):
        return True
    if change.type not in _ONCE and not change.type.startswith(_ONCE_BY_FAMILY):
        return False
    generated = any(change.after.get(f"{name}_prefix") not in {None, "", UNKNOWN} for name in _NAMES)
    return not generated and not any(change.after.get(name) == UNKNOWN for name in _NAMES)
