output "task_definition_arn" {
  description = "ARN of the newest task definition, with its revision."
  value       = module.job.task_definition_arn
}

output "container_name" {
  description = "Name of the container in the task definition."
  value       = module.job.container_name
}

output "cluster_name" {
  description = "Name of the cluster that the job runs in."
  value       = module.job.cluster_name
}

output "state_machine_arn" {
  description = "ARN of the state machine whose executions are the runs."
  value       = module.job.state_machine_arn
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = module.job.log_group_name
}

output "schedule_arn" {
  description = "ARN of the schedule; null for a job that runs on demand."
  value       = module.job.schedule_arn
}

output "missed_runs_queue_url" {
  description = "Queue of the runs that the schedule could not start; null without a schedule."
  value       = module.job.missed_runs_queue_url
}
