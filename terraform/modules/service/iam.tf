# Two roles: ECS starts the task with one, the code runs with the other. What is attached by hand to either is drift.

locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TasksOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "${local.arn_prefix}:ecs:${local.region}:${local.account}:*" }
      }
    }]
  })

  start_statements = [
    {
      Sid      = "LogInToRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"] # the action knows no resource
    },
    {
      Sid      = "PullImage"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = [local.repository_arn]
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arn}:*"]
    },
  ]

  secret_statements = [
    {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = sort(distinct([for arn in values(local.secret_arns) : "${arn}-??????"]))
    },
    {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.platform.kms.secrets]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
    },
  ]

  execution_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.start_statements, [for statement in local.secret_statements : statement if length(var.secrets) > 0])
  })
}

resource "aws_iam_role" "execution" {
  name               = local.execution_role
  description        = "ECS starts tasks of ${local.full_name}: image, logs, secrets"
  assume_role_policy = local.trust

  tags = local.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-task"
  role   = aws_iam_role.execution.name
  policy = local.execution_policy
}

resource "aws_iam_role_policies_exclusive" "execution" {
  role_name    = aws_iam_role.execution.name
  policy_names = [aws_iam_role_policy.execution.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "execution" {
  role_name   = aws_iam_role.execution.name
  policy_arns = []
}

resource "aws_iam_role" "task" {
  name               = local.task_role
  description        = "The code of ${local.full_name} runs with this; it grants nothing"
  assume_role_policy = local.trust

  tags = local.tags
}

resource "aws_iam_role_policies_exclusive" "task" {
  role_name    = aws_iam_role.task.name
  policy_names = []
}

resource "aws_iam_role_policy_attachments_exclusive" "task" {
  role_name   = aws_iam_role.task.name
  policy_arns = []
}
