output "service" {
  description = "What others need to know of the service."
  value = {
    name           = module.catalog.service_name
    repository_url = module.catalog.ecr_repository_url
    log_group      = module.catalog.log_group_name
    alarms         = module.catalog.alarm_names
  }
}
