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

  # Every image in ECR that a container names, as account, region and repository. A repository of another account has a
  # policy of its own, too. Source: Amazon ECR user guide, "Private repository policies".
  images_in_ecr = concat([], [
    for image in concat(compact([var.image.uri]), var.sidecars[*].image) :
    regexall("^([0-9]{12})\\.dkr[.-]ecr(?:-fips)?\\.([a-z0-9-]+)\\.(?:amazonaws\\.com(?:\\.cn)?|on\\.aws)/([^:@]+)", image)
  ]...)
  pulled_repositories = distinct(concat([local.repository_arn], [
    for image in local.images_in_ecr : "${local.arn_prefix}:ecr:${image[1]}:${image[0]}:repository/${image[2]}"
  ]))

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
      Resource = local.pulled_repositories
    },
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arn}:*"]
    },
  ]

  execution_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.start_statements, lookup(local.secret_statements, "execution", []), local.env_file_statements)
  })
  task_statements = { "read-secrets" = lookup(local.secret_statements, "task", []), "use-volumes" = local.file_statements }
  task_policies = merge(local.permission_policies, { for name, statements in local.task_statements : name => jsonencode({
    Version   = "2012-10-17"
    Statement = statements
  }) if length(statements) > 0 }, local.exec_policies)
}

resource "aws_iam_role" "execution" {
  name               = local.execution_role
  description        = "ECS starts tasks of ${local.full_name}: image, logs, secrets"
  assume_role_policy = local.trust

  # No role may do more than the boundary of its environment, which its platform makes.
  permissions_boundary = var.platform.permissions_boundary_arn

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
  description        = "The code of ${local.full_name} runs with this"
  assume_role_policy = local.trust

  permissions_boundary = var.platform.permissions_boundary_arn

  tags = local.tags
}

resource "aws_iam_role_policy" "task" {
  for_each = local.task_policies

  name   = each.key
  role   = aws_iam_role.task.name
  policy = each.value

  lifecycle {
    # Source: IAM user guide, "IAM and AWS STS quotas": the inline policies of a role have 10,240 characters together.
    precondition {
      condition     = length(join("", values(local.task_policies))) <= 10240
      error_message = "permissions.grants and runtime_secrets make policies of ${length(join("", values(local.task_policies)))} characters, of which a role takes 10240: name fewer resources, or their beginning and *."
    }
  }
}

resource "aws_iam_role_policies_exclusive" "task" {
  role_name    = aws_iam_role.task.name
  policy_names = [for policy in aws_iam_role_policy.task : policy.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "task" {
  role_name   = aws_iam_role.task.name
  policy_arns = [for attachment in aws_iam_role_policy_attachment.task : attachment.policy_arn]
}
