# An internal Python service that reads from Kafka. ../README.md says what its brokers have to let in.

locals {
  registry = "${var.environment.account_id}.dkr.ecr.${var.environment.region}.amazonaws.com"
  images   = [for tag in [var.image_tag] : "${local.registry}/${var.environment.name}/ledger:${tag}" if tag != null]
}

module "ledger" {
  source = "../../modules/service"

  environment = var.environment
  platform    = var.platform

  service = {
    name       = "ledger"
    type       = "internal"
    runtime    = "python"
    repository = "acme/ledger"
    labels     = { team = "payments" }
  }

  image     = { owner = "pipeline", uri = one(local.images) }
  resources = { cpu = 256, memory = 512 }
  port      = 8000
  scaling   = { min = 2, max = 4 }

  stop_timeout = 90 # finishes its batch and commits its offsets

  environment_variables = { LOG_LEVEL = "info" }

  # The code gets them as KAFKA_BOOTSTRAP_SERVERS, and the tasks the security group that the brokers let in.
  kafka   = { brokers = ["b-1.kafka.example:9096", "b-2.kafka.example:9096", "b-3.kafka.example:9096"] }
  secrets = { KAFKA_SASL = "ledger/kafka" }
}
