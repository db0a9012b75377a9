# The environment's two buckets: what its pipelines build, and the logs of who asked for what.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}

locals {
  settings      = module.settings.settings
  arn_prefix    = "arn:${var.environment.partition}"
  suffix        = "${var.environment.account_id}-${var.environment.region}"
  logs_name     = "${var.environment.name}-logs-${local.suffix}"
  logs_arn      = "${local.arn_prefix}:s3:::${local.logs_name}"
  artifacts     = "${var.environment.name}-artifacts-${local.suffix}"
  access_prefix = "s3/"
  artifacts_arn = "${local.arn_prefix}:s3:::${local.artifacts}"

  log_statements = [
    # AWS documents no condition here; the path holds the account that a load balancer has to be of.
    # Source: "Enable access logs for your Application Load Balancer", step 2, docs.aws.amazon.com/elasticloadbalancing.
    {
      Sid       = "LoadBalancersOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.logs_arn}/alb/AWSLogs/${var.environment.account_id}/*"
    },
    {
      Sid       = "AccessToArtifacts"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.logs_arn}/${local.access_prefix}artifacts/*"
      Condition = {
        ArnLike      = { "aws:SourceArn" = local.artifacts_arn }
        StringEquals = { "aws:SourceAccount" = var.environment.account_id }
      }
    },
    {
      Sid       = "AccessToLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.logs_arn}/${local.access_prefix}logs/*"
      Condition = {
        ArnLike      = { "aws:SourceArn" = local.logs_arn }
        StringEquals = { "aws:SourceAccount" = var.environment.account_id }
      }
    },
  ]
}

# Load balancers and S3 write only to buckets with S3's own keys: the one place without a customer-managed key. It logs its
# own accesses too, so that a deletion of logs leaves a line. AWS advises against that: "additional logs are created for
# the logs that are written to the bucket", which costs "a small increase in your storage billing" and makes a log harder
# to find (S3 user guide, "Logging requests using server access logging"). Both are accepted: the prefix is the bucket's
# own, as AWS recommends for this case, and all of it expires. A second bucket would need a third one to log to.
module "logs" {
  source = "../bucket"

  name              = local.logs_name
  partition         = var.environment.partition
  encryption        = "s3"
  expire_after_days = local.settings.access_log_days
  disposable        = local.settings.disposable
  statements        = jsonencode(local.log_statements)
  access_logs       = { bucket = local.logs_name, prefix = "${local.access_prefix}logs/" }
}

module "artifacts" {
  source = "../bucket"

  name              = local.artifacts
  partition         = var.environment.partition
  kms_key_arn       = var.s3_key_arn
  expire_after_days = local.settings.artifact_days
  disposable        = local.settings.disposable
  access_logs       = { bucket = module.logs.bucket.name, prefix = "${local.access_prefix}artifacts/" }
}
