output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "service_arn" {
  description = "ARN of the ECS service."
  value       = aws_ecs_service.this.id
}

output "cluster_name" {
  description = "Name of the cluster that the service runs in."
  value       = var.platform.cluster.name
}

output "task_definition_arn" {
  description = "ARN of the newest task definition, with its revision."
  value       = aws_ecs_task_definition.this.arn
}

output "task_definition_family" {
  description = "Family of the task definitions."
  value       = aws_ecs_task_definition.this.family
}

output "container_name" {
  description = "Name of the container in the task definition."
  value       = local.name
}

output "ecr_repository_url" {
  description = "Where images are pushed to."
  value       = aws_ecr_repository.this.repository_url
}

output "ecr_repository_arn" {
  description = "ARN of the image repository."
  value       = aws_ecr_repository.this.arn
}

output "ecr_repository_name" {
  description = "Name of the image repository."
  value       = aws_ecr_repository.this.name
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.this.name
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}

output "execution_role_arn" {
  description = "Role with which ECS starts tasks."
  value       = aws_iam_role.execution.arn
}

output "task_role_arn" {
  description = "Role that the code runs with."
  value       = aws_iam_role.task.arn
}

output "target_group_arn" {
  description = "Target group of a public service; null for any other."
  value       = one([for group in aws_lb_target_group.this : group.arn])
}

output "service_discovery_arn" {
  description = "Cloud Map service of an internal service; null for any other."
  value       = one([for registry in aws_service_discovery_service.this : registry.arn])
}

output "pre_deployment_task_definition_arn" {
  description = "ARN of the newest definition of the task that goes before a deployment; null without one."
  value       = one([for definition in aws_ecs_task_definition.pre_deployment : definition.arn])
}

output "alarm_names" {
  description = "Names of the service's alarms."
  value       = sort([for alarm in concat(values(aws_cloudwatch_metric_alarm.service), values(aws_cloudwatch_metric_alarm.requests)) : alarm.alarm_name])
}
