# The names of what Terraform makes, as ARNs: each begins with its environment's name, where AWS has names at all.

locals {
  iam_arn = "${local.arn_prefix}:iam::${local.account}"
  arn_in = { for service in [
    "application-autoscaling", "cloudtrail", "cloudwatch", "codebuild", "codeconnections", "codepipeline", "codestar-connections",
    "codestar-notifications", "config", "ec2", "ecr", "ecs", "elasticloadbalancing", "kms", "lambda", "logs", "secretsmanager",
    "servicediscovery", "sns", "ssm", "wafv2",
  ] : service => "${local.arn_prefix}:${service}:${local.region}:${local.account}" }

  patterns = {
    alarms          = ["${local.arn_in["cloudwatch"]}:alarm:%s-*"]
    boundary        = ["${local.iam_arn}:policy/%s-boundary"]
    buckets         = ["${local.arn_prefix}:s3:::%s-*"]
    builds          = ["${local.arn_in["codebuild"]}:project/%s-*"]
    clusters        = ["${local.arn_in["ecs"]}:cluster/%s"]
    dashboards      = ["${local.arn_prefix}:cloudwatch::${local.account}:dashboard/%s"]
    groups_of_logs  = ["${local.arn_in["logs"]}:log-group:/*/%s/*", "${local.arn_in["logs"]}:log-group:aws-waf-logs-%s*"]
    images          = ["${local.arn_in["ecr"]}:repository/%s/*"]
    listeners       = ["${local.arn_in["elasticloadbalancing"]}:listener/app/%s/*"]
    load_balancers  = ["${local.arn_in["elasticloadbalancing"]}:loadbalancer/app/%s/*"]
    parameters      = ["${local.arn_in["ssm"]}:parameter/%s/*"]
    pipelines       = ["${local.arn_in["codepipeline"]}:%s-*"]
    policies        = ["${local.iam_arn}:policy/%s-*"]
    roles           = ["${local.iam_arn}:role/%s-*"]
    rules           = ["${local.arn_in["elasticloadbalancing"]}:listener-rule/app/%s/*"]
    services        = ["${local.arn_in["ecs"]}:service/%s/*"]
    target_groups   = ["${local.arn_in["elasticloadbalancing"]}:targetgroup/%s-*"]
    task_definition = ["${local.arn_in["ecs"]}:task-definition/%s-*"]
    topics          = ["${local.arn_in["sns"]}:%s-*"]
    trails          = ["${local.arn_in["cloudtrail"]}:trail/%s-*"]
    web_acls        = ["${local.arn_in["wafv2"]}:regional/webacl/%s*"]
  }
  named = { for kind, patterns in local.patterns : kind => sort(flatten([for pattern in patterns : [for name in var.environments : format(pattern, name)]])) }
}
