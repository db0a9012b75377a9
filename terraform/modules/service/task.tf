# The task definition. Containers are written in the form in which AWS returns them (empty lists written out, nulls
# left out, names in order), so that a plan shows changes and nothing else.

locals {
  # What differs by runtime; nothing is assumed about an image of another one. The image has its runtime, but often no curl. The URL is an argument, never part of the
  # program.
  runtimes = {
    nodejs = {
      port      = 3000
      variables = { NODE_ENV = "production" }
      check     = ["node", "-e", "fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
      listens   = ["node", "-e", "require('net').connect(process.argv[1], '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"]
    }
    python = {
      port      = 8000
      variables = { PYTHONUNBUFFERED = "1" }
      check     = ["python3", "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=${local.check_timeout})"]
      listens   = ["python3", "-c", "import socket, sys; socket.create_connection(('127.0.0.1', sys.argv[1]), ${local.check_timeout})"]
    }
  }
  no_runtime    = { port = null, variables = {}, check = [], listens = [] }
  runtime_names = ["nodejs", "python", "dotnet", "go", "java", "nginx", "php", "ruby", "rust"]
  runtime       = try(local.runtimes[var.service.runtime], local.no_runtime)

  # What the manifest names itself wins.
  variables = merge(
    local.runtime.variables,
    local.port == null ? {} : { PORT = tostring(local.port) },
    var.kafka == null ? {} : { KAFKA_BOOTSTRAP_SERVERS = join(",", var.kafka.brokers) },
    var.environment_variables,
  )

  check_timeout = min(local.health.timeout, 60) # ECS allows no more
  check_url     = "http://127.0.0.1:${coalesce(local.health_port, local.port, 0)}${local.health.path}"
  asks_for_path = concat(["CMD"], local.runtime.check, [local.check_url])
  asks_for_port = concat(["CMD"], local.runtime.listens, [tostring(coalesce(local.port, 0))])
  asks_itself   = try(var.health_check.path, null) == null || local.speaks != "HTTP1" ? local.asks_for_port : local.asks_for_path
  can_ask       = length(local.runtime.check) > 0 && (var.health_check != null || local.called)
  check         = try(coalescelist(var.health_check.command), local.can_ask ? local.asks_itself : [])

  # What all containers have in common.
  any_container = {
    cpu                    = 0
    volumesFrom            = []
    systemControls         = []
    readonlyRootFilesystem = true
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = local.log_group
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = local.name
      }
    }
  }

  # Anybody may write to /tmp. A volume of Fargate is root's, with mode 0755, unless the image declares its path as one
  # (Amazon ECS developer guide, "Use bind mounts with Amazon ECS"); memory has the mode that is asked for. Fargate has
  # tmpfs since 6 January 2026 (AWS, What's New, "Amazon ECS now supports tmpfs mounts on AWS Fargate and ECS Managed
  # Instances"). Of the memory of a container it takes at most half, as tmpfs does on Linux unless told otherwise.
  tmp = { mountOptions = ["exec", "mode=1777", "nodev", "nosuid"] }

  own_container = merge(local.any_container, local.login[local.name], local.of_image[local.name], {
    name            = local.name
    image           = local.image
    essential       = true
    portMappings    = []
    environment     = [for name in sort(keys(local.variables)) : { name = name, value = local.variables[name] }]
    secrets         = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = "${startswith(var.secrets[name], "arn:") ? "" : local.secret_prefix}${var.secrets[name]}" }]
    linuxParameters = local.linux[local.name]
    mountPoints     = concat([{ sourceVolume = "tmp", containerPath = "/var/tmp", readOnly = false }], local.mount_points[local.name])
  }, local.environment_files[local.name])

  container = merge(
    local.own_container,
    { portMappings = [for port in local.port == null ? [] : [local.port] : merge({ containerPort = port, hostPort = port, protocol = "tcp" }, local.named_port)] },
    { for key, check in { healthCheck = {
      command     = local.check
      interval    = local.health.interval
      timeout     = local.check_timeout
      retries     = local.health.unhealthy_threshold
      startPeriod = local.health.start_period
    } } : key => check if length(local.check) > 0 },
    { for key, seconds in { stopTimeout = var.stop_timeout } : key => seconds if seconds != null },
    { for key, value in { command = var.container.command, memory = var.container.memory } : key => value if value != null },
    local.of_task[local.name],
  )

  sidecars = [for sidecar in var.sidecars : merge(
    local.any_container,
    local.login[sidecar.name],
    local.of_image[sidecar.name],
    {
      name            = sidecar.name
      image           = sidecar.image
      essential       = sidecar.essential
      portMappings    = []
      environment     = [for name in sort(keys(sidecar.environment_variables)) : { name = name, value = sidecar.environment_variables[name] }]
      secrets         = [for name in sort(keys(sidecar.secrets)) : { name = name, valueFrom = "${startswith(sidecar.secrets[name], "arn:") ? "" : local.secret_prefix}${sidecar.secrets[name]}" }]
      linuxParameters = local.linux[sidecar.name]
      mountPoints     = concat([{ sourceVolume = "tmp-${sidecar.name}", containerPath = "/var/tmp", readOnly = false }], local.mount_points[sidecar.name])
    },
    local.environment_files[sidecar.name],
    { for key, command in { command = sidecar.command } : key => command if length(command) > 0 },
    { for key, memory in { memory = sidecar.memory } : key => memory if memory != null },
    local.of_task[sidecar.name],
    local.sidecar_keys[sidecar.name],
  )]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = local.log_group
  retention_in_days = local.retention
  kms_key_id        = var.platform.kms.logs
  skip_destroy      = !local.disposable # the logs outlive the service, for as long as they are retained

  tags = local.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.full_name
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = var.resources.cpu
  memory                   = var.resources.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode(concat([local.container], local.sidecars))

  # A pipeline registers revisions too; the newest is the truth. Old ones stay, for a rollback needs them.
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

  # Root file systems are read-only. What is too big for memory goes to the task's disk; it lives and dies with the task.
  dynamic "volume" {
    for_each = toset(concat(["tmp"], [for sidecar in var.sidecars : "tmp-${sidecar.name}"]))

    content {
      name = volume.key
    }
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
