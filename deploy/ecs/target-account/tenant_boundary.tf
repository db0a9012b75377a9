# The most that a role of a tenant can ever do. The tenant's session makes roles within this boundary only: within the one
# of the environment (terraform/modules/security), a role that its Terraform makes could read the secrets and the data of
# every other tenant. It has the statements of that boundary, for names that begin with the tenant's prefixes.

locals {
  tenant_boundaries = toset(var.tenant == null ? [] : ["${var.name}-boundary"])
  role_boundaries   = var.tenant == null ? local.named.boundary : [for name in local.tenant_boundaries : "${local.iam_arn}:policy/${name}"]

  own_secrets   = [for name in concat([for own in local.prefixes : "${own}*"], ["shared/*"], tolist(try(var.tenant.secrets, []))) : name]
  own_resources = [for name in var.environments : [for own in local.prefixes : "${name}-${own}*"]]
  in_own_places = { StringEqualsIfExists = { "aws:ResourceTag/Environment" = sort(var.environments) } }

  tenant_boundary = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WithoutResource"
        Effect = "Allow"
        Action = [
          "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "logs:DescribeLogGroups",
          "ssmmessages:Create*", "ssmmessages:Open*", "xray:GetSampling*", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
        ]
        Resource = "*"
      },
      {
        Sid    = "Images"
        Effect = "Allow"
        Action = [
          "ecr:CompleteLayerUpload", "ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:InitiateLayerUpload", "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = local.named.images
      },
      {
        # Sidecars run images of any repository; each execution role names its own.
        Sid      = "ImagesOfOthers"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "${local.arn_prefix}:ecr:*:*:repository/*"
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = flatten([for name in var.environments : [for own in local.prefixes : "${local.arn_in["logs"]}:log-group:/*/${name}/${own}*"]])
      },
      {
        # With the environment's name before it, or without, as `tenants` of the daemon's configuration grants them.
        Sid    = "Secrets"
        Effect = "Allow"
        Action = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "ssm:GetParameters"]
        Resource = flatten([for secret in local.own_secrets : [for begins in ["${local.arn_in["secretsmanager"]}:secret:", "${local.arn_in["ssm"]}:parameter/"] : [
          "${begins}${secret}", [for name in var.environments : "${begins}${name}/${secret}"],
        ]]])
        Condition = local.in_own_places
      },
      {
        Sid       = "KeysAndFiles"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = ["${local.arn_in["kms"]}:key/*", "${local.arn_in["elasticfilesystem"]}:file-system/*"]
        Condition = local.in_own_places
      },
      {
        Sid    = "Data"
        Effect = "Allow"
        Action = [
          "dynamodb:*Item", "dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan", "events:PutEvents",
          "kafka-cluster:AlterGroup", "kafka-cluster:AlterTransactionalId", "kafka-cluster:Connect", "kafka-cluster:Describe*",
          "kafka-cluster:ReadData", "kafka-cluster:WriteData*", "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:PutRecord*", "s3:AbortMultipartUpload",
          "s3:DeleteObject", "s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetObject*", "s3:ListBucket",
          "s3:PutObject", "sns:Publish", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueue*", "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ]
        Resource = concat(
          flatten([for own in flatten(local.own_resources) : [
            "${local.arn_prefix}:s3:::${own}",
            [for service, kind in { dynamodb = "table/", events = "event-bus/", kafka = "*/", kinesis = "stream/", sns = "", sqs = "" } : "${local.arn_prefix}:${service}:${local.region}:${local.account}:${kind}${own}"],
          ]]),
          tolist(try(var.tenant.data_resources, [])),
        )
      },
      {
        Sid       = "Metrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*" # the action knows no resource
        Condition = { StringLike = { "cloudwatch:namespace" = [for name in sort(var.environments) : "${name}/*"] } }
      },
      {
        Sid       = "FindServices"
        Effect    = "Allow"
        Action    = "servicediscovery:DiscoverInstances"
        Resource  = ["${local.arn_in["servicediscovery"]}:namespace/*", "${local.arn_in["servicediscovery"]}:service/*"]
        Condition = { StringEquals = { "servicediscovery:NamespaceName" = [for name in sort(var.environments) : "${name}.internal"] } }
      },
      {
        Sid      = "ImagePointers"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:PutParameter"]
        Resource = local.named.parameters
      },
      {
        Sid      = "Builds"
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
        Resource = local.named.builds
      },
      {
        Sid      = "Deployments"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:TagResource", "ecs:UpdateService"]
        Resource = concat(local.named.services, local.named.task_definition)
      },
      {
        Sid      = "TasksOfDeployments"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:TagResource"]
        Resource = [for name in sort(var.environments) : "${local.arn_in["ecs"]}:task/${name}/*"] # their ids name no service
      },
      {
        Sid       = "HandRolesToTasks"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = local.named.roles
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid      = "Sources"
        Effect   = "Allow"
        Action   = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
        Resource = ["${local.arn_prefix}:codeconnections:*:${local.account}:connection/*", "${local.arn_prefix}:codestar-connections:*:${local.account}:connection/*"]
      },
    ]
  })
}

resource "aws_iam_policy" "boundary" {
  for_each = local.tenant_boundaries

  name        = each.key
  description = "The most that roles of the tenant's services can do"
  policy      = local.tenant_boundary

  lifecycle {
    precondition {
      condition     = length(local.tenant_boundary) <= 6144
      error_message = "The boundary of the tenant has ${length(local.tenant_boundary)} characters; IAM allows 6144. Name fewer environments or prefixes: apply this root again under another name for the others."
    }
  }
}
