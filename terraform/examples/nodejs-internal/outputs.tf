output "service" {
  description = "What others need to know of the service."
  value = {
    name           = module.payments.service_name
    repository_url = module.payments.ecr_repository_url
    log_group      = module.payments.log_group_name
    alarms         = module.payments.alarm_names
  }
}
