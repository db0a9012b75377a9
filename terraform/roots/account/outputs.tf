output "trail" {
  description = "The trail: its ARN, its bucket, its log group and the topic that tells of new files and alarms."
  value       = module.audit.trail
}

output "access" {
  description = "For the identity team: the policies to attach to people, and the roles that they take on."
  value = {
    policy_arns = module.access.policy_arns
    role_arns   = module.access.role_arns
  }
}
