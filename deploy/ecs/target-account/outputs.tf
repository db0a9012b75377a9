output "role_arn" {
  description = "The `role` of this account's environments in the daemon's configuration."
  value       = aws_iam_role.this.arn
}
