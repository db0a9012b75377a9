output "task_definition_arn" {
  description = "ARN of the newest task definition, with its revision."
  value       = aws_ecs_task_definition.this.arn
}

output "container_name" {
  description = "Name of the container in the task definition."
  value       = local.name
}

output "cluster_name" {
  description = "Name of the cluster that the job runs in."
  value       = var.platform.cluster.name
}

output "state_machine_arn" {
  description = "ARN of the state machine whose executions are the runs."
  value       = aws_sfn_state_machine.this.arn
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.this.name
}

output "schedule_arn" {
  description = "ARN of the schedule; null for a job that runs on demand."
  value       = one([for schedule in aws_scheduler_schedule.this : schedule.arn])
}

output "missed_runs_queue_url" {
  description = "Queue of the runs that the schedule could not start; null without a schedule."
  value       = one([for queue in aws_sqs_queue.missed : queue.url])
}
