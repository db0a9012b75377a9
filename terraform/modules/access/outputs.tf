output "policy_arns" {
  description = "Policies for people, by name: require_mfa, self_service and operate."
  value       = { for name, policy in aws_iam_policy.people : name => policy.arn }
}

output "role_arns" {
  description = "Roles that people take on, by name: reader, operator and break_glass. They are known before the roles exist."
  value       = { for role, name in local.role_names : role => "${local.arn_prefix}:iam::${local.account}:role/${name}" }
}
