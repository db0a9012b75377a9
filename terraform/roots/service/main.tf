# One service in one environment, with a state of its own.

module "service" {
  source = "../../modules/service"

  environment           = var.environment
  platform              = var.platform
  service               = var.service
  image                 = var.image
  delivery              = var.delivery
  resources             = var.resources
  port                  = var.port
  admitted_ports        = var.admitted_ports
  scaling               = var.scaling
  spot                  = var.spot
  deployment            = var.deployment
  routing               = var.routing
  health_check          = var.health_check
  network               = var.network
  stop_timeout          = var.stop_timeout
  container             = var.container
  task                  = var.task
  environment_variables = var.environment_variables
  secrets               = var.secrets
  storage               = var.storage
  kafka                 = var.kafka
  admitted_secrets      = var.admitted_secrets
  runtime_secrets       = var.runtime_secrets
  permissions           = var.permissions
  sidecars              = var.sidecars
  pre_deployment        = var.pre_deployment
  alarms                = var.alarms
}
