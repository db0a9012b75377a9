# Two roles: ECS starts the task with one, the daemon runs with the other. The daemon's own role keeps its records and
# assumes the role of an environment for everything else. What is attached by hand to either is taken away again.

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

  # Without the name of a JSON key behind it.
  secret_arns = sort(distinct([for arn in values(var.secrets) : join(":", slice(split(":", arn), 0, 7))]))

  secrets_key_statements = [for arns in [var.secrets_key_arns] : {
    Sid       = "DecryptSecrets"
    Effect    = "Allow"
    Action    = ["kms:Decrypt"]
    Resource  = arns
    Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
  } if length(arns) > 0]

  execution_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
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
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = local.secret_arns
      },
    ], local.secrets_key_statements)
  })

  # A test holds this list to the calls in reconciler/edges, in both directions.
  task_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Records"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
        Resource = [local.table_arn]
      },
      {
        Sid      = "TreesAndReports"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = ["${local.bucket_arn}/trees/*", "${local.bucket_arn}/reports/*"]
      },
      {
        Sid      = "ReadTrees"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.bucket_arn}/trees/*"]
      },
      {
        Sid      = "TellMissingFromForbidden" # without it S3 answers 403 for what is not there
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.bucket_arn]
      },
      {
        Sid      = "ProtectItselfWhileApplying"
        Effect   = "Allow"
        Action   = ["ecs:UpdateTaskProtection"]
        Resource = ["${local.arn_prefix}:ecs:${local.region}:${local.account}:task/${var.name}/*"]
      },
      {
        Sid      = "SeeWhetherTheTaskThatHeldALockIsDead"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks"]
        Resource = ["${local.arn_prefix}:ecs:${local.region}:${local.account}:task/${var.name}/*"]
      },
      {
        Sid      = "BecomeTheRoleOfAnEnvironment"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole"]
        Resource = sort(distinct(flatten([for environment in values(var.environments) : concat([environment.role], values(environment.tenant_roles))])))
      },
    ]
  })

  # Apart, because the key's ARN is not known before it is made, and the rest can be read in a plan. S3 and DynamoDB use
  # the key on behalf of whoever calls them; DynamoDB's developer guide lists what its callers need.
  key_policy_of_task = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "OwnKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      Resource = [aws_kms_key.this.arn]
      Condition = {
        StringEquals = {
          "kms:ViaService" = ["dynamodb.${local.region}.amazonaws.com", "s3.${local.region}.amazonaws.com"]
        }
      }
    }]
  })
}

resource "aws_iam_role" "execution" {
  name                 = "${var.name}-execution"
  description          = "ECS starts the task of ${var.name}: image, logs, secrets"
  assume_role_policy   = local.trust
  permissions_boundary = var.permissions_boundary_arn
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
  name                 = "${var.name}-task"
  description          = "The daemon ${var.name} runs with this: its records, and the roles of its environments"
  assume_role_policy   = local.trust
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "task" {
  name   = "daemon"
  role   = aws_iam_role.task.name
  policy = local.task_policy
}

resource "aws_iam_role_policy" "key" {
  name   = "own-key"
  role   = aws_iam_role.task.name
  policy = local.key_policy_of_task
}

resource "aws_iam_role_policies_exclusive" "task" {
  role_name    = aws_iam_role.task.name
  policy_names = [aws_iam_role_policy.task.name, aws_iam_role_policy.key.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "task" {
  role_name   = aws_iam_role.task.name
  policy_arns = []
}
