# The most that a role of this environment can ever do, whatever policy somebody attaches to it: a boundary grants
# nothing itself. Roles stay within their environment's names; none can change IAM. Every tier has one, or whoever may
# merge a module could make a role without a limit; `deploy/ecs/target-account` keeps the reconciler from changing it.

locals {
  boundaries     = toset(["${var.environment.name}-boundary"])
  environment_of = var.environment.name
  arn_in = {
    for service in ["codebuild", "dynamodb", "ecr", "ecs", "elasticfilesystem", "events", "kafka", "kinesis", "kms", "logs", "secretsmanager", "servicediscovery", "sns", "sqs", "ssm", "states"] :
    service => "${local.arn_prefix}:${service}:${local.region}:${local.account}"
  }

  # Everything that the platform makes carries this tag. What has none belongs to no environment.
  not_of_another = { StringEqualsIfExists = { "aws:ResourceTag/Environment" = local.environment_of } }

  # These actions know no resource, or none that is known before they are called.
  unscoped_actions = [
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "logs:DescribeLogGroups",
    "ssmmessages:Create*",
    "ssmmessages:Open*",
    "xray:GetSampling*",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
  ]

  # Secrets and parameters of other accounts, and their keys, are reached only where they are listed.
  secrets_of_others = [for arn in var.data_resources : arn if can(regex("^arn:aws[a-z-]*:(kms|secretsmanager|ssm):", arn))]
  data_of_others    = [for arn in var.data_resources : arn if !contains(local.secrets_of_others, arn)]
  reads_of_others = [
    for action in ["kms:Decrypt", "secretsmanager:GetSecretValue", "ssm:GetParameters"] : action
    if anytrue([for arn in local.secrets_of_others : split(":", arn)[2] == split(":", action)[0]])
  ]

  boundary_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "WithoutResource"
        Effect   = "Allow"
        Action   = local.unscoped_actions
        Resource = "*"
      },
      {
        Sid    = "Images"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:DescribeImageScanFindings", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = "${local.arn_in.ecr}:repository/${local.environment_of}/*"
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
        Resource = "${local.arn_in.logs}:log-group:/*/${local.environment_of}/*"
      },
      {
        Sid       = "Secrets"
        Effect    = "Allow"
        Action    = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "ssm:GetParameters", "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = ["${local.arn_in.secretsmanager}:secret:*", "${local.arn_in.ssm}:parameter/*", "${local.arn_in.elasticfilesystem}:file-system/*"]
        Condition = local.not_of_another
      },
      {
        Sid       = "Keys"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "${local.arn_in.kms}:key/*"
        Condition = local.not_of_another
      },
      {
        Sid    = "Data"
        Effect = "Allow"
        Action = [
          "dynamodb:*Item", "dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan",
          "events:PutEvents",
          "kafka-cluster:AlterGroup", "kafka-cluster:AlterTransactionalId", "kafka-cluster:Connect", "kafka-cluster:Describe*",
          "kafka-cluster:ReadData", "kafka-cluster:WriteData*",
          "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:PutRecord*",
          "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning",
          "s3:GetObject*", "s3:ListBucket", "s3:PutObject",
          "sns:Publish",
          "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueue*", "sqs:ReceiveMessage", "sqs:SendMessage",
        ]
        Resource = concat([
          "${local.arn_in.dynamodb}:table/${local.environment_of}-*",
          "${local.arn_in.events}:event-bus/${local.environment_of}-*",
          "${local.arn_in.kafka}:*/${local.environment_of}-*",
          "${local.arn_in.kinesis}:stream/${local.environment_of}-*",
          "${local.arn_prefix}:s3:::${local.environment_of}-*",
          "${local.arn_in.sns}:${local.environment_of}-*",
          "${local.arn_in.sqs}:${local.environment_of}-*",
        ], local.data_of_others)
      },
      {
        Sid       = "Metrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*" # the action knows no resource
        Condition = { StringLike = { "cloudwatch:namespace" = "${local.environment_of}/*" } }
      },
      {
        Sid       = "FindServices"
        Effect    = "Allow"
        Action    = "servicediscovery:DiscoverInstances"
        Resource  = ["${local.arn_in.servicediscovery}:namespace/*", "${local.arn_in.servicediscovery}:service/*"]
        Condition = { StringEquals = { "servicediscovery:NamespaceName" = "${local.environment_of}.internal" } }
      },
      {
        Sid      = "ImagePointers"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter*", "ssm:PutParameter"]
        Resource = "${local.arn_in.ssm}:parameter/${local.environment_of}/*"
      },
      {
        Sid      = "Builds"
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
        Resource = "${local.arn_in.codebuild}:project/${local.environment_of}-*"
      },
      {
        Sid    = "DeploymentsAndRuns"
        Effect = "Allow"
        Action = [
          "ecs:DescribeServices", "ecs:DescribeTasks", "ecs:RunTask", "ecs:StopTask", "ecs:TagResource", "ecs:UpdateService",
          "states:DescribeExecution", "states:StartExecution",
        ]
        Resource = [
          "${local.arn_in.ecs}:service/${local.environment_of}/*",
          "${local.arn_in.ecs}:task/${local.environment_of}/*",
          "${local.arn_in.ecs}:task-definition/${local.environment_of}-*",
          "${local.arn_in.states}:*:${local.environment_of}-*",
        ]
      },
      {
        # The action knows no task, only the cluster.
        Sid       = "TasksThatRun"
        Effect    = "Allow"
        Action    = "ecs:ListTasks"
        Resource  = "*"
        Condition = { ArnEquals = { "ecs:cluster" = "${local.arn_in.ecs}:cluster/${local.environment_of}" } }
      },
      {
        # Step Functions has one rule per account, by which it hears that a task has ended.
        Sid      = "EndsOfTasks"
        Effect   = "Allow"
        Action   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
        Resource = "${local.arn_in.events}:rule/StepFunctionsGetEventsForECSTaskRule"
      },
      {
        Sid       = "HandRolesToTasks"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = "${local.arn_prefix}:iam::${local.account}:role/${local.environment_of}-*"
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid    = "Sources"
        Effect = "Allow"
        Action = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
        Resource = [
          "${local.arn_prefix}:codeconnections:*:${local.account}:connection/*",
          "${local.arn_prefix}:codestar-connections:*:${local.account}:connection/*",
        ]
      },
      ], length(local.secrets_of_others) == 0 ? [] : [{
        Sid      = "SecretsOfOthers"
        Effect   = "Allow"
        Action   = local.reads_of_others
        Resource = local.secrets_of_others
    }])
  })
}

resource "aws_iam_policy" "boundary" {
  for_each = local.boundaries

  name        = each.key
  description = "The most that roles of ${local.environment_of} can do"
  policy      = local.boundary_policy
}
