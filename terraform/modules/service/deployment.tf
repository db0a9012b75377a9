# What takes a rollout back, and what starts one.
locals {
  # What a bad deployment shows in. Too few running tasks is what the circuit breaker sees.
  watched_kinds = local.tier != "prod" ? [] : local.public ? ["cpu", "server-errors"] : ["cpu", "memory"]

  # A kind of this module's alarms means the one of this service; anything else is the name of an alarm of this account.
  alarm_kinds = concat(keys(local.resource_alarms), local.public ? keys(local.request_alarms) : [])
  deployment_alarms = sort(distinct([
    for alarm in concat(local.watched_kinds, var.deployment.rollback_alarms) :
    contains(local.alarm_kinds, alarm) ? "${local.full_name}-${alarm}" : alarm
  ]))

  # ECS balances zones by starting a task before it stops another one, for which 100 % leaves no room. Source: Amazon ECS
  # developer guide, "Balancing an Amazon ECS service across Availability Zones".
  rebalancing = var.deployment.maximum_percent > 100 ? "ENABLED" : "DISABLED"

  deployment_triggers = var.deployment.force_new == null ? null : { forced = var.deployment.force_new }
}
