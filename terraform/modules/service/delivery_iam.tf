# Two roles: builds run with one, the pipeline with the other. What is attached by hand to either is drift.
locals {
  delivery_trust = {
    for service, arn in { codebuild = local.build_arn, codepipeline = local.pipeline_arn } : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "OnlyForThisService"
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account, "aws:SourceArn" = arn } }
      }]
    })
  }

  # The two names of one service: which one AWS checks depends on the connection's age.
  # A connection reaches every repository that its owner installed it for; a request that names one has to name this one.
  # Some name none, to list what there is. Source: service authorization reference of AWS CodeConnections, UseConnection.
  connection_statements = [for sid, prefix in { UseConnection = "codeconnections", UseFormerConnection = "codestar-connections" } : {
    Sid       = sid
    Effect    = "Allow"
    Action    = ["${prefix}:UseConnection"]
    Resource  = [var.platform.connection_arn]
    Condition = { StringEqualsIfExists = { "${prefix}:FullRepositoryId" = var.service.repository } }
  }]
  artifact_key_statement = {
    Sid      = "UseArtifactKey"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    Resource = [var.platform.kms.s3]
  }

  build_statements = concat(local.connection_statements, [
    local.artifact_key_statement,
    {
      Sid      = "LogInToRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"] # the action knows no resource
    },
    {
      Sid      = "PushImage"
      Effect   = "Allow"
      Action   = local.push_actions
      Resource = [local.repository_arn]
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:${local.build_group}:*"]
    },
    {
      Sid      = "Artifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = local.artifact_objects
    },
    {
      Sid      = "PointToImage"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:PutParameter"]
      Resource = [local.image_parameter_arn]
    },
    {
      Sid      = "SeeWhatRuns"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices"]
      Resource = [local.service_arn]
    },
    {
      Sid      = "SeeRevisions"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTaskDefinition"]
      Resource = ["*"] # the action knows no resource
    },
  ])
  push_actions = [
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
  ]

  pipeline_statements = concat(local.connection_statements, [
    local.artifact_key_statement,
    {
      Sid      = "Artifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = local.artifact_objects
    },
    {
      Sid      = "ArtifactBucket"
      Effect   = "Allow"
      Action   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]
      Resource = [local.artifacts.arn]
    },
    {
      Sid      = "Build"
      Effect   = "Allow"
      Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
      Resource = [local.build_arn]
    },
  ])
  ecs_arn_prefix = "${local.arn_prefix}:ecs:${local.region}:${local.account}"
  service_arn    = "${local.ecs_arn_prefix}:service/${var.platform.cluster.name}/${local.name}"
  deploy_statements = [
    {
      Sid      = "UpdateService"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
      Resource = [local.service_arn]
    },
    {
      # No more than the guide of CodePipeline names, in "Service role permissions: Amazon ECS standard action".
      Sid      = "TagRevisions"
      Effect   = "Allow"
      Action   = ["ecs:TagResource"]
      Resource = ["${local.ecs_arn_prefix}:task-definition/${local.full_name}:*"]
    },
    {
      Sid      = "RegisterRevisions"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
      Resource = ["*"] # the actions know no resource
    },
    {
      Sid       = "HandRolesToTasks"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [local.execution_arn, "${local.arn_prefix}:iam::${local.account}:role/${local.task_role}"]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
  ]
  approval_statements = [
    {
      Sid      = "AskForApproval"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = [var.platform.notification_topic_arn]
    },
    {
      # The topic's key is the platform's own matter; the encryption context admits it for this topic alone.
      Sid      = "UseTopicKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource = ["${local.arn_prefix}:kms:${local.region}:${local.account}:key/*"]
      Condition = {
        StringEquals = {
          "kms:EncryptionContext:aws:sns:topicArn" = var.platform.notification_topic_arn
          "kms:ViaService"                         = "sns.${local.region}.amazonaws.com"
        }
      }
    },
  ]

  pipeline_policy = concat(
    local.pipeline_statements,
    [for statement in local.deploy_statements : statement if local.deploys],
    [for statement in local.approval_statements : statement if local.approved],
  )
}

resource "aws_iam_role" "build" {
  for_each = local.delivered

  name                 = local.build_role
  description          = "Builds of ${local.full_name}: source, registry, logs"
  assume_role_policy   = local.delivery_trust["codebuild"]
  permissions_boundary = var.platform.permissions_boundary_arn

  tags = local.tags
}

resource "aws_iam_role_policy" "build" {
  for_each = local.delivered

  name   = "build"
  role   = aws_iam_role.build[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.build_statements })
}

resource "aws_iam_role_policies_exclusive" "build" {
  for_each = local.delivered

  role_name    = aws_iam_role.build[each.key].name
  policy_names = [aws_iam_role_policy.build[each.key].name]
}

resource "aws_iam_role_policy_attachments_exclusive" "build" {
  for_each = local.delivered

  role_name   = aws_iam_role.build[each.key].name
  policy_arns = []
}

resource "aws_iam_role" "pipeline" {
  for_each = local.delivered

  name                 = local.pipeline_role
  description          = "Pipeline of ${local.full_name}: source, build, deployment"
  assume_role_policy   = local.delivery_trust["codepipeline"]
  permissions_boundary = var.platform.permissions_boundary_arn

  tags = local.tags
}

resource "aws_iam_role_policy" "pipeline" {
  for_each = local.delivered

  name   = "deliver"
  role   = aws_iam_role.pipeline[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.pipeline_policy })
}

resource "aws_iam_role_policies_exclusive" "pipeline" {
  for_each = local.delivered

  role_name    = aws_iam_role.pipeline[each.key].name
  policy_names = [aws_iam_role_policy.pipeline[each.key].name]
}

resource "aws_iam_role_policy_attachments_exclusive" "pipeline" {
  for_each = local.delivered

  role_name   = aws_iam_role.pipeline[each.key].name
  policy_arns = []
}
