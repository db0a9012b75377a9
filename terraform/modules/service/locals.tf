# What the rest of the module is made of, all known at plan time, so that a plan can be read and tested.

locals {
  account    = var.environment.account_id
  region     = var.environment.region
  arn_prefix = "arn:${var.environment.partition}"
  dns_suffix = var.environment.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"

  name      = var.service.name
  full_name = "${var.environment.name}-${var.service.name}"
  tier      = var.environment.tier
  public    = var.service.type == "public"

  # A public service listens somewhere; one that nothing calls is a worker.
  port   = local.public ? try(coalesce(var.port, local.runtime.port), null) : var.port
  called = !local.public && local.port != null
  worker = !local.public && var.port == null

  # Labels are teams' own words; the prefix keeps them apart from the mandatory tags.
  tags = merge(
    { Service = local.name, Repository = var.service.repository },
    { for label, value in var.service.labels : "label/${label}" => value },
  )

  repository     = "${var.environment.name}/${local.name}"
  repository_arn = "${local.arn_prefix}:ecr:${local.region}:${local.account}:repository/${local.repository}"
  repository_url = "${local.account}.dkr.ecr.${local.region}.${local.dns_suffix}/${local.repository}"
  awaiting_image = var.image.uri == null
  image          = local.awaiting_image ? "${local.repository_url}:awaiting-first-image" : var.image.uri
  log_group      = "/ecs/${var.environment.name}/${local.name}"
  log_group_arn  = "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:${local.log_group}"
  secret_prefix  = "${local.arn_prefix}:secretsmanager:${local.region}:${local.account}:secret:"
  execution_role = "${local.full_name}-execution"
  task_role      = "${local.full_name}-task"
  execution_arn  = "${local.arn_prefix}:iam::${local.account}:role/${local.execution_role}"
  fewest         = local.awaiting_image ? 0 : var.scaling.min
  retention      = module.settings.settings.log_days
  kept_images    = module.settings.settings.kept_images
  disposable     = module.settings.settings.disposable
  spot_weight    = module.settings.settings.spot_weight

  # Without a path the load balancer takes every answer that says that somebody is there.
  no_path = try(var.health_check.path, null) == null
  health = merge(
    { path = local.any_answer.path, interval = 30, timeout = 5, healthy_threshold = 2, unhealthy_threshold = 3, matcher = local.any_answer.matcher, start_period = 60, port = null },
    var.health_check == null ? null : { for key, value in var.health_check : key => value if value != null && !(key == "matcher" && local.no_path) },
  )

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
