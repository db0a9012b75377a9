# The task definition. Its container is written in the form in which AWS returns it (empty lists written out, nulls
# left out, names in order), so that a plan shows changes and nothing else.

locals {
  runtime_variables = {
    nodejs = { NODE_ENV = "production" }
    python = { PYTHONUNBUFFERED = "1" }
  }[var.service.runtime]

  # What the manifest names itself wins.
  variables = merge(
    local.runtime_variables,
    var.port == null ? {} : { PORT = tostring(var.port) },
    var.kafka == null ? {} : { KAFKA_BOOTSTRAP_SERVERS = join(",", var.kafka.brokers) },
    var.environment_variables,
  )

  # The image has its runtime, but often no curl. The URL is an argument, never part of the program.
  check_timeout = min(local.health.timeout, 60) # ECS allows no more
  check_url     = "http://127.0.0.1:${coalesce(var.port, 0)}${local.health.path}"
  check_command = {
    nodejs = ["CMD", "node", "-e", "fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))", local.check_url]
    python = ["CMD", "python3", "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=${local.check_timeout})", local.check_url]
  }[var.service.runtime]

  container = merge(
    {
      name           = local.name
      image          = local.image
      cpu            = 0
      essential      = true
      portMappings   = [for port in var.port == null ? [] : [var.port] : { containerPort = port, hostPort = port, protocol = "tcp" }]
      environment    = [for name in sort(keys(local.variables)) : { name = name, value = local.variables[name] }]
      secrets        = [for name in sort(keys(local.secret_arns)) : { name = name, valueFrom = local.secret_arns[name] }]
      mountPoints    = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
      volumesFrom    = []
      systemControls = []

      readonlyRootFilesystem = true
      linuxParameters        = { initProcessEnabled = true }

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = local.log_group
          "awslogs-region"        = local.region
          "awslogs-stream-prefix" = local.name
        }
      }
    },
    { for key, check in { healthCheck = {
      command     = local.check_command
      interval    = local.health.interval
      timeout     = local.check_timeout
      retries     = local.health.unhealthy_threshold
      startPeriod = local.health.start_period
    } } : key => check if local.checks_container },
  )
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = local.log_group
  retention_in_days = local.retention
  kms_key_id        = var.platform.kms.logs

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
  container_definitions    = jsonencode([local.container])

  # A pipeline registers revisions too; the newest is the truth. Old ones stay, for a rollback needs them.
  track_latest = true
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # The root file system is read-only; this is the place to write. It lives and dies with the task.
  volume {
    name = "tmp"
  }

  tags = local.tags
}
