output "service" {
  description = "What others need to know of the service."
  value = {
    name           = module.orders.service_name
    repository_url = module.orders.ecr_repository_url
    log_group      = module.orders.log_group_name
    alarms         = module.orders.alarm_names
  }
}

output "migration" {
  description = "Definition of the task to run before a deployment; the reconciler does so by itself."
  value       = module.orders.pre_deployment_task_definition_arn
}
