output "service" {
  description = "What others need to know of the service."
  value = {
    name           = module.ledger.service_name
    repository_url = module.ledger.ecr_repository_url
    log_group      = module.ledger.log_group_name
    alarms         = module.ledger.alarm_names
  }
}
