# An internal Node.js service: others find it as `payments` in the private namespace. A collector runs beside it.

locals {
  registry = "${var.environment.account_id}.dkr.ecr.${var.environment.region}.amazonaws.com"
  images   = [for tag in [var.image_tag] : "${local.registry}/${var.environment.name}/payments:${tag}" if tag != null]
}

module "payments" {
  source = "../../modules/service"

  environment = var.environment
  platform    = var.platform

  service = {
    name       = "payments"
    type       = "internal"
    runtime    = "nodejs"
    repository = "acme/payments"
    labels     = { team = "payments" }
  }

  image     = { owner = "pipeline", uri = one(local.images) }
  resources = { cpu = 256, memory = 512 }
  port      = 8080
  scaling   = { min = 2, max = 4 }

  environment_variables = { LOG_LEVEL = "info" }
  secrets               = { PROVIDER_CREDENTIALS = "payments/provider" }
  runtime_secrets       = ["payments/signing-key"]

  sidecars = [{
    name      = "collector"
    image     = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
    essential = false # without it requests are served all the same
    memory    = 128

    # Its own configuration would write to X-Ray and CloudWatch, for which tasks have no permission.
    environment_variables = { AOT_CONFIG_CONTENT = yamlencode({
      receivers = { otlp = { protocols = { grpc = {}, http = {} } } }
      exporters = { otlphttp = { endpoint = "https://telemetry.example" } }
      service   = { pipelines = { traces = { receivers = ["otlp"], exporters = ["otlphttp"] } } }
    }) }
  }]
}
