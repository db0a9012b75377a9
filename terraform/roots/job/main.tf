# One job in one environment, with a state of its own.

module "job" {
  source = "../../modules/job"

  environment           = var.environment
  platform              = var.platform
  job                   = var.job
  image                 = var.image
  runtime               = var.runtime
  resources             = var.resources
  command               = var.command
  environment_variables = var.environment_variables
  secrets               = var.secrets
  runtime_secrets       = var.runtime_secrets
  schedule              = var.schedule
  runs                  = var.runs
}
