output "boundary_arn" {
  description = "The boundary of the roles of a tenant's services, which the daemon knows by the name of the role; null without a tenant."
  value       = one([for policy in aws_iam_policy.boundary : policy.arn])
}

output "role_arn" {
  description = "The `role` of this account's environments in the daemon's configuration."
  value       = aws_iam_role.this.arn
}
