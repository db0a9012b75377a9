# The names and values that the rest of the module is made of, all known at plan time.

locals {
  account    = var.environment.account_id
  region     = var.environment.region
  arn_prefix = "arn:${var.environment.partition}"
  dns_suffix = var.environment.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"

  name      = var.job.name
  full_name = "${var.environment.name}-${var.job.name}"

  # A tenant's role knows its own by the tag Service. Labels are teams' own words; the prefix keeps them apart.
  tags = merge({ Service = local.name }, { for label, value in var.job.labels : "label/${label}" => value })

  # A service's repository has the name of its environment before its own, as modules/service makes it.
  registry = "${local.account}.dkr.ecr.${local.region}.${local.dns_suffix}"
  image    = var.image.uri != null ? var.image.uri : "${local.registry}/${var.environment.name}/${coalesce(var.image.service, "-")}${coalesce(var.image.version, "-")}"

  log_group      = "/ecs/${var.environment.name}/${local.name}"
  log_group_arn  = "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:${local.log_group}"
  secret_prefix  = "${local.arn_prefix}:secretsmanager:${local.region}:${local.account}:secret:"
  role_prefix    = "${local.arn_prefix}:iam::${local.account}:role/${local.full_name}"
  definition_arn = "${local.arn_prefix}:ecs:${local.region}:${local.account}:task-definition/${local.full_name}"
  machine_arn    = "${local.arn_prefix}:states:${local.region}:${local.account}:stateMachine:${local.full_name}"
  retention      = module.settings.settings.log_days
  disposable     = module.settings.settings.disposable

  takes_turns = var.runs.concurrency == "forbid"
  turns       = local.takes_turns ? toset(["this"]) : toset([])
  scheduled   = var.schedule == null ? {} : { this = var.schedule }

  # Memory (MiB) that Fargate offers for each cpu, for Linux: 74 pairs.
  fargate_memory = tomap({
    "256"   = tolist([512, 1024, 2048])
    "512"   = range(1024, 4096 + 1, 1024)
    "1024"  = range(2048, 8192 + 1, 1024)
    "2048"  = range(4096, 16384 + 1, 1024)
    "4096"  = range(8192, 30720 + 1, 1024)
    "8192"  = range(16384, 61440 + 1, 4096)
    "16384" = range(32768, 122880 + 1, 8192)
  })
}
