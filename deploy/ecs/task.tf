# The task definition. Its container is written in the form in which AWS returns it (empty lists written out, names in
# order), so that a plan shows changes and nothing else.

locals {
  port = 8080
  data = "/var/lib/reconciler"

  # Together they end before ECS kills what is left.
  stop_timeout = 120 # the most that Fargate allows
  drain        = 90
  grace        = 20

  # The daemon's whole configuration, secrets apart. The same variables start it anywhere else.
  environment = merge(
    {
      RECONCILER__DATA              = local.data
      RECONCILER__GIT__URL          = var.manifests.url
      RECONCILER__GIT__BRANCH       = var.manifests.branch
      RECONCILER__GIT__PATH         = var.manifests.path
      RECONCILER__STATE__BUCKET     = var.state.bucket
      RECONCILER__STATE__LOCK_TABLE = var.state.lock_table
      RECONCILER__STATE__PREFIX     = var.state.prefix
      RECONCILER__STORE__TABLE      = var.name
      RECONCILER__STORE__BUCKET     = local.bucket
      RECONCILER__STORE__REGION     = local.region
      RECONCILER__ENVIRONMENTS      = jsonencode(var.environments)
      RECONCILER__HTTP__HOST        = "0.0.0.0" # the security group decides who gets here
      RECONCILER__HTTP__PORT        = tostring(local.port)
      RECONCILER__HTTP__OPEN        = jsonencode(["metrics", "readyz"]) # numbers only; all else needs a role
      RECONCILER__LOGS__FORMAT      = "json"
      RECONCILER__STOP__DRAIN       = "${local.drain}s"
      RECONCILER__STOP__GRACE       = "${local.grace}s"
    },
    { for name, key in { RECONCILER__STATE__KMS_KEY_ID = var.state.kms_key_id } : name => key if key != null },
    var.settings,
  )

  container = {
    name                   = "reconciler"
    image                  = "${local.repository_url}:${coalesce(var.image.tag, "awaiting-first-image")}"
    cpu                    = 0
    memory                 = var.task.memory # without it the container sees the memory of the host, not its own
    essential              = true
    user                   = "10001:10001" # as in the Dockerfile
    command                = ["run"]
    stopTimeout            = local.stop_timeout
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment            = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    secrets                = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = var.secrets[name] }]
    volumesFrom            = []
    systemControls         = []

    # Terraform's helpers and git leave children behind; the init process reaps them and passes SIGTERM on.
    linuxParameters = { initProcessEnabled = true, capabilities = { add = [], drop = ["ALL"] } }

    mountPoints = [
      { sourceVolume = "workspace", containerPath = local.data, readOnly = false },
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
    ]

    # It fails only when the daemon's loop stands still, never because an apply takes long.
    healthCheck = {
      command     = ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:${local.port}/healthz', timeout=8)"]
      interval    = 30
      timeout     = 10
      retries     = 5
      startPeriod = 120
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = local.log_group
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = "daemon"
        "max-buffer-size"       = "25m"
        "mode"                  = "non-blocking" # CloudWatch must not be able to hold up an apply
      }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = var.task.cpu
  memory                   = var.task.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([local.container])

  skip_destroy = true # the circuit breaker goes back to the one before

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  ephemeral_storage {
    size_in_gib = var.task.disk
  }

  # The root file system is read-only; these are the places to write. They live and die with the task.
  volume {
    name = "workspace"
  }

  volume {
    name = "tmp"
  }
}
