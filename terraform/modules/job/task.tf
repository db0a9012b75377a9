# The task definition of a run, written in the form in which AWS returns it, and the security group of its tasks.

locals {
  runtime_variables = {
    nodejs = { NODE_ENV = "production" }
    python = { PYTHONUNBUFFERED = "1" }
  }
  variables = merge(lookup(local.runtime_variables, coalesce(var.runtime, "-"), {}), var.environment_variables)

  container = merge(
    {
      name                   = local.name
      image                  = local.image
      essential              = true
      cpu                    = 0
      portMappings           = []
      volumesFrom            = []
      systemControls         = []
      readonlyRootFilesystem = true
      environment            = [for name in sort(keys(local.variables)) : { name = name, value = local.variables[name] }]
      secrets                = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = "${local.secret_prefix}${var.secrets[name]}" }]
      mountPoints            = [{ sourceVolume = "tmp", containerPath = "/var/tmp", readOnly = false }]
      linuxParameters = {
        initProcessEnabled = true
        # As in modules/service: anybody may write to /tmp, which takes at most half of the memory.
        tmpfs = [{ containerPath = "/tmp", mountOptions = ["exec", "mode=1777", "nodev", "nosuid"], size = floor(var.resources.memory / 2) }]
      }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = local.log_group
          "awslogs-region"        = local.region
          "awslogs-stream-prefix" = local.name
        }
      }
    },
    { for key, command in { command = var.command } : key => command if length(command) > 0 },
  )

  empty_rule = {
    cidr_blocks      = []
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }

  egress = concat([
    # AWS's own endpoints and partners' APIs have no fixed addresses; they are reached by HTTPS through NAT.
    merge(local.empty_rule, {
      description = "HTTPS: AWS endpoints, registries, partners"
      from_port   = 443
      to_port     = 443
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }),
    merge(local.empty_rule, {
      description = "Services and data stores in the VPC"
      from_port   = 1
      to_port     = 65535
      protocol    = "tcp"
      cidr_blocks = [var.platform.vpc_cidr]
    }),
    ], [for cidrs in [var.platform.peer_cidrs] : merge(local.empty_rule, {
      description = "Services and data stores in peered networks"
      from_port   = 1
      to_port     = 65535
      protocol    = "tcp"
      cidr_blocks = cidrs
  }) if length(cidrs) > 0])
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:The tasks of the state machine wear it
  name        = local.full_name
  description = "Tasks of job ${local.full_name}"
  vpc_id      = var.platform.vpc_id

  ingress = [] # nothing calls a job
  egress  = local.egress

  tags = merge(local.tags, { Name = local.full_name })
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = local.log_group
  retention_in_days = local.retention
  kms_key_id        = var.platform.kms.logs
  skip_destroy      = !local.disposable # the logs outlive the job, for as long as they are retained

  tags = local.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.full_name
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = var.resources.cpu
  memory                   = var.resources.memory
  execution_role_arn       = aws_iam_role.this["execution"].arn
  task_role_arn            = aws_iam_role.this["task"].arn
  container_definitions    = jsonencode([local.container])

  skip_destroy = true # a run that has begun may still start its task from a former revision

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "tmp"
  }

  tags = local.tags
}
