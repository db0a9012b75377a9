output "environment" {
  description = "The variables that the daemon gets, secrets apart; they start it anywhere else too."
  value       = local.environment
}

output "secrets" {
  description = "The secrets that the daemon gets besides, by variable: ARNs, not values."
  value       = var.secrets
}

output "task_role_arn" {
  description = "Who the daemon is: what target-account/ trusts."
  value       = aws_iam_role.task.arn
}

output "repository_url" {
  description = "Where to push the image."
  value       = local.repository_url
}

output "cluster" {
  description = "The cluster; the service has the same name."
  value       = aws_ecs_cluster.this.name
}

output "security_group_id" {
  description = "The daemon's security group."
  value       = aws_security_group.this.id
}

output "log_group" {
  description = "Where the daemon's logs are."
  value       = aws_cloudwatch_log_group.this.name
}
