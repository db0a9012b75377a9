# The names of what Terraform makes, as ARNs: each begins with its environment's name, where AWS has names at all. In the
# role of a tenant, what an instance names itself begins with one of the tenant's prefixes, which stand for "{own}".

locals {
  iam_arn = "${local.arn_prefix}:iam::${local.account}"
  arn_in = { for service in [
    "application-autoscaling", "cloudtrail", "cloudwatch", "codebuild", "codeconnections", "codepipeline", "codestar-connections",
    "codestar-notifications", "config", "dynamodb", "ec2", "ecr", "ecs", "elasticfilesystem", "elasticloadbalancing", "kms", "lambda", "logs", "scheduler",
    "secretsmanager", "servicediscovery", "sns", "sqs", "ssm", "states", "wafv2",
  ] : service => "${local.arn_prefix}:${service}:${local.region}:${local.account}" }

  patterns = {
    alarms          = ["${local.arn_in["cloudwatch"]}:alarm:%s-{own}*"]
    boundary        = ["${local.iam_arn}:policy/%s-boundary"]
    buckets         = ["${local.arn_prefix}:s3:::%s-{own}*"]
    builds          = ["${local.arn_in["codebuild"]}:project/%s-{own}*"]
    clusters        = ["${local.arn_in["ecs"]}:cluster/%s"]
    dashboards      = ["${local.arn_prefix}:cloudwatch::${local.account}:dashboard/%s"]
    groups_of_logs  = ["${local.arn_in["logs"]}:log-group:/*/%s/{own}*", "${local.arn_in["logs"]}:log-group:aws-waf-logs-%s*"]
    images          = ["${local.arn_in["ecr"]}:repository/%s/{own}*"]
    listeners       = ["${local.arn_in["elasticloadbalancing"]}:listener/app/%s/*"]
    machines        = ["${local.arn_in["states"]}:stateMachine:%s-{own}*"]
    load_balancers  = ["${local.arn_in["elasticloadbalancing"]}:loadbalancer/app/%s/*"]
    parameters      = ["${local.arn_in["ssm"]}:parameter/%s/{own}*"]
    pipelines       = ["${local.arn_in["codepipeline"]}:%s-{own}*"]
    policies        = ["${local.iam_arn}:policy/%s-{own}*"]
    queues          = ["${local.arn_in["sqs"]}:%s-{own}*"]
    roles           = ["${local.iam_arn}:role/%s-{own}*"]
    rules           = ["${local.arn_in["elasticloadbalancing"]}:listener-rule/app/%s/*"]
    schedules       = ["${local.arn_in["scheduler"]}:schedule/default/%s-{own}*"]
    services        = ["${local.arn_in["ecs"]}:service/%s/{own}*"]
    target_groups   = ["${local.arn_in["elasticloadbalancing"]}:targetgroup/%s-{own}*"]
    task_definition = ["${local.arn_in["ecs"]}:task-definition/%s-{own}*"]
    topics          = ["${local.arn_in["sns"]}:%s-{own}*"]
    trails          = ["${local.arn_in["cloudtrail"]}:trail/%s-{own}*"]
    turns           = ["${local.arn_in["dynamodb"]}:table/%s-{own}*-turns"]
    web_acls        = ["${local.arn_in["wafv2"]}:regional/webacl/%s*"]
  }
  prefixes = var.tenant == null ? [""] : sort(var.tenant.name_prefixes)
  named    = { for kind, patterns in local.patterns : kind => distinct(sort(flatten([for pattern in patterns : [for name in var.environments : [for own in local.prefixes : replace(format(pattern, name), "{own}", own)]]]))) }
}
