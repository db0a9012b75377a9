# The ECS cluster of one environment and the private DNS namespace in which its internal services find each other.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}

locals {
  # Spot carries what may be interrupted; one task of every service always stays on regular capacity.
  strategy = merge(
    { FARGATE = { base = 1, weight = 1 } },
    var.cluster.spot ? { FARGATE_SPOT = { base = 0, weight = module.settings.settings.spot_weight } } : {},
  )
}

resource "aws_cloudwatch_log_group" "exec" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = "/cluster/${var.environment.name}/exec"
  retention_in_days = module.settings.settings.log_days
  kms_key_id        = var.kms.logs
}

# Container Insights would make this group by itself, without key, retention and tags, and leave it behind. So it comes
# before the cluster and goes after it. Source: "Container Insights metrics" in the CloudWatch guide has the name.
resource "aws_cloudwatch_log_group" "insights" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = "/aws/ecs/containerinsights/${var.environment.name}/performance"
  retention_in_days = module.settings.settings.log_days
  kms_key_id        = var.kms.logs
}

resource "aws_ecs_cluster" "this" {
  name = var.environment.name

  setting {
    name  = "containerInsights"
    value = coalesce(var.cluster.insights, module.settings.settings.insights) == "enhanced" ? "enhanced" : "enabled"
  }

  configuration {
    execute_command_configuration {
      kms_key_id = var.kms.ecs
      logging    = "OVERRIDE"

      log_configuration {
        cloud_watch_encryption_enabled = true
        cloud_watch_log_group_name     = aws_cloudwatch_log_group.exec.name
      }
    }

    managed_storage_configuration {
      fargate_ephemeral_storage_kms_key_id = var.kms.ecs
    }
  }

  depends_on = [aws_cloudwatch_log_group.insights]
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  dynamic "default_capacity_provider_strategy" {
    for_each = local.strategy

    content {
      capacity_provider = default_capacity_provider_strategy.key
      base              = default_capacity_provider_strategy.value.base
      weight            = default_capacity_provider_strategy.value.weight
    }
  }
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "${var.environment.name}.internal"
  description = "Internal services of ${var.environment.name}"
  vpc         = var.vpc_id
}
