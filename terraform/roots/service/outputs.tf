output "service_name" {
  description = "Name of the ECS service."
  value       = module.service.service_name
}

output "service_arn" {
  description = "ARN of the ECS service."
  value       = module.service.service_arn
}

output "cluster_name" {
  description = "Name of the cluster that the service runs in."
  value       = module.service.cluster_name
}

output "task_definition_arn" {
  description = "ARN of the newest task definition, with its revision."
  value       = module.service.task_definition_arn
}

output "task_definition_family" {
  description = "Family of the task definitions."
  value       = module.service.task_definition_family
}

output "container_name" {
  description = "Name of the container in the task definition."
  value       = module.service.container_name
}

output "ecr_repository_url" {
  description = "Where images are pushed to."
  value       = module.service.ecr_repository_url
}

output "ecr_repository_arn" {
  description = "ARN of the image repository."
  value       = module.service.ecr_repository_arn
}

output "ecr_repository_name" {
  description = "Name of the image repository."
  value       = module.service.ecr_repository_name
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = module.service.log_group_name
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = module.service.security_group_id
}

output "execution_role_arn" {
  description = "Role with which ECS starts tasks."
  value       = module.service.execution_role_arn
}

output "task_role_arn" {
  description = "Role that the code runs with."
  value       = module.service.task_role_arn
}

output "target_group_arn" {
  description = "Target group of a public service; null for any other."
  value       = module.service.target_group_arn
}

output "service_discovery_arn" {
  description = "Cloud Map service of an internal service; null for any other."
  value       = module.service.service_discovery_arn
}

output "pre_deployment_task_definition_arn" {
  description = "ARN of the newest definition of the task that goes before a deployment; null without one."
  value       = module.service.pre_deployment_task_definition_arn
}

output "alarm_names" {
  description = "Names of the service's alarms."
  value       = module.service.alarm_names
}
