# What has to end well before a deployment: a task of its own, which the reconciler starts as planned here, before it
# applies the plan. No service runs it, so a revision that is registered and never started changes nothing.

resource "aws_ecs_task_definition" "pre_deployment" {
  for_each = var.pre_deployment == null ? {} : { this = var.pre_deployment }

  family                   = "${local.full_name}-pre-deployment"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = var.resources.cpu
  memory                   = var.resources.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([merge(local.own_container, {
    command = each.value.command
    logConfiguration = merge(local.own_container.logConfiguration, {
      options = merge(local.own_container.logConfiguration.options, { "awslogs-stream-prefix" = "pre-deployment" })
    })
  })])

  # The reconciler registers the planned revision itself before the plan is applied.
  track_latest = true
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.task.architecture
  }

  dynamic "ephemeral_storage" {
    for_each = var.task.ephemeral_storage == null ? [] : [var.task.ephemeral_storage]

    content {
      size_in_gib = ephemeral_storage.value
    }
  }

  volume {
    name = "tmp"
  }

  dynamic "volume" {
    for_each = var.storage.volumes

    content {
      name = volume.key

      dynamic "efs_volume_configuration" {
        for_each = volume.value.efs == null ? [] : [volume.value.efs]

        content {
          file_system_id     = efs_volume_configuration.value.file_system
          transit_encryption = "ENABLED"

          authorization_config {
            access_point_id = local.access_points[volume.key]
            iam             = efs_volume_configuration.value.iam ? "ENABLED" : "DISABLED"
          }
        }
      }
    }
  }

  tags = local.tags
}
