# A public Node.js service: two paths of the load balancer, a database URL, and a migration before each deployment.

locals {
  registry = "${var.environment.account_id}.dkr.ecr.${var.environment.region}.amazonaws.com"
  images   = [for tag in [var.image_tag] : "${local.registry}/${var.environment.name}/orders:${tag}" if tag != null]
}

module "orders" {
  source = "../../modules/service"

  environment = var.environment
  platform    = var.platform

  service = {
    name       = "orders"
    type       = "public"
    runtime    = "nodejs"
    repository = "acme/orders"
    labels     = { team = "shop" }
  }

  # Git decides which image runs, so a command may go before each deployment.
  image     = { owner = "git", uri = one(local.images) }
  resources = { cpu = 256, memory = 512 }
  port      = 8080
  scaling   = { min = 2, max = 6, cpu = 60, memory = 70 }

  routing      = { paths = ["/orders", "/orders/*"], priority = 120 }
  health_check = { path = "/healthz" }

  environment_variables = { LOG_LEVEL = "info" }
  secrets               = { DATABASE_URL = "orders/database-url" }
  pre_deployment        = { command = ["node", "migrate.js"] }
}
