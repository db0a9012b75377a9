output "trail" {
  description = "The trail: its ARN, its bucket and its log group."
  value       = module.audit.trail
}

output "alarm_topic_arn" {
  description = "The topic of the alarms on the root user and on break-glass."
  value       = module.audit.alarm_topic_arn
}

output "access" {
  description = "For the identity team: the policies to attach to people, and the roles that they take on."
  value = {
    policy_arns = module.access.policy_arns
    role_arns   = module.access.role_arns
  }
}
