# A public Python service that its pipeline deploys. Without a port it listens on 8000, as its runtime usually does.

locals {
  registry = "${var.environment.account_id}.dkr.ecr.${var.environment.region}.amazonaws.com"
  images   = [for tag in [var.image_tag] : "${local.registry}/${var.environment.name}/catalog:${tag}" if tag != null]
}

module "catalog" {
  source = "../../modules/service"

  environment = var.environment
  platform    = var.platform

  service = {
    name       = "catalog"
    type       = "public"
    runtime    = "python"
    repository = "acme/catalog"
    labels     = { team = "shop" }
  }

  image     = { owner = "pipeline", uri = one(local.images) }
  resources = { cpu = 512, memory = 1024 }
  scaling   = { min = 2, max = 8 }

  routing      = { paths = ["/catalog", "/catalog/*"], priority = 110, deregistration_delay = 60 }
  health_check = { path = "/healthz", start_period = 90 }

  environment_variables = { LOG_LEVEL = "info" }
}
