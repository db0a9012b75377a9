# Four roles: ECS starts the task with one, the code runs with another, the state machine starts and stops the task with
# the third, and the scheduler starts the state machine with the fourth. Whatever is attached by hand to one is drift.

locals {
  trusted = {
    execution = { service = "ecs-tasks", source = "${local.arn_prefix}:ecs:${local.region}:${local.account}:*" }
    task      = { service = "ecs-tasks", source = "${local.arn_prefix}:ecs:${local.region}:${local.account}:*" }
    runs      = { service = "states", source = local.machine_arn }
    schedule  = { service = "scheduler", source = "${local.arn_prefix}:scheduler:${local.region}:${local.account}:schedule-group/default" }
  }
  roles = { for name, trusted in local.trusted : name => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyForThisAccount"
      Effect    = "Allow"
      Principal = { Service = "${trusted.service}.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = trusted.source }
      }
    }]
  }) if name != "schedule" || var.schedule != null }
  descriptions = {
    execution = "ECS starts tasks of ${local.full_name}: image, logs, secrets"
    task      = "The code of ${local.full_name} runs with this"
    runs      = "The state machine of ${local.full_name} starts and stops its tasks"
    schedule  = "The schedule of ${local.full_name} starts its state machine"
  }

  # A repository of ECR that the image is in. One of another account has a policy of its own, too.
  image_in_ecr = regexall("^([0-9]{12})\\.dkr[.-]ecr(?:-fips)?\\.([a-z0-9-]+)\\.(?:amazonaws\\.com(?:\\.cn)?|on\\.aws)/([^:@]+)", local.image)

  start_statements = concat(
    flatten([for found in local.image_in_ecr : [
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
        Resource = ["${local.arn_prefix}:ecr:${found[1]}:${found[0]}:repository/${found[2]}"]
      },
    ]]),
    [{
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arn}:*"]
    }],
  )

  # Secrets Manager ends the ARN of every secret with a hyphen and six characters of its own.
  readable_secrets = { execution = values(var.secrets), task = tolist(var.runtime_secrets) }
  secret_statements = { for role, secrets in local.readable_secrets : role => length(secrets) == 0 ? [] : [
    {
      Sid       = "ReadSecrets"
      Effect    = "Allow"
      Action    = ["secretsmanager:GetSecretValue"]
      Resource  = sort(distinct([for secret in secrets : "${local.secret_prefix}${secret}-??????"]))
      Condition = {}
    },
    {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.platform.kms.secrets]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
    },
  ] }

  # Sources: Step Functions developer guide, "Run Amazon ECS or Fargate tasks with Step Functions" (RunTask with .sync
  # waits through a rule of EventBridge) and "IAM policies for calling Amazon ECS".
  run_statements = concat(
    [
      {
        Sid       = "StartTasks"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["${local.definition_arn}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.platform.cluster.arn } }
      },
      {
        Sid       = "WatchAndStopTasks"
        Effect    = "Allow"
        Action    = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource  = ["${local.arn_prefix}:ecs:${local.region}:${local.account}:task/${var.platform.cluster.name}/*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.platform.cluster.arn } }
      },
      {
        Sid       = "TagTasks"
        Effect    = "Allow"
        Action    = ["ecs:TagResource"]
        Resource  = ["${local.arn_prefix}:ecs:${local.region}:${local.account}:task/${var.platform.cluster.name}/*"]
        Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
      },
      {
        Sid       = "HandRolesToTasks"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = ["${local.role_prefix}-execution", "${local.role_prefix}-task"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid       = "Trace"
        Effect    = "Allow"
        Action    = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource  = ["*"] # the actions know no resource
        Condition = {}
      },
      {
        Sid       = "HearOfTheEndOfTasks"
        Effect    = "Allow"
        Action    = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
        Resource  = ["${local.arn_prefix}:events:${local.region}:${local.account}:rule/StepFunctionsGetEventsForECSTaskRule"]
        Condition = {}
      },
    ],
    flatten([for _ in local.turns : [
      {
        Sid       = "TakeTurns"
        Effect    = "Allow"
        Action    = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]
        Resource  = ["${local.arn_prefix}:dynamodb:${local.region}:${local.account}:table/${local.full_name}-turns"]
        Condition = {}
      },
      {
        Sid       = "FindTasks"
        Effect    = "Allow"
        Action    = ["ecs:ListTasks"]
        Resource  = ["*"] # the action knows no task, only the cluster
        Condition = { ArnEquals = { "ecs:cluster" = var.platform.cluster.arn } }
      },
      {
        Sid       = "SeeOtherRuns"
        Effect    = "Allow"
        Action    = ["states:DescribeExecution"]
        Resource  = ["${local.arn_prefix}:states:${local.region}:${local.account}:execution:${local.full_name}:*"]
        Condition = {}
      },
    ]]),
  )

  schedule_statements = [
    { Sid = "StartRuns", Effect = "Allow", Action = ["states:StartExecution"], Resource = [local.machine_arn], Condition = {} },
    { Sid = "KeepMissedRuns", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = ["${local.arn_prefix}:sqs:${local.region}:${local.account}:${local.full_name}-missed"], Condition = {} },
  ]

  statements = {
    execution = concat([for one in local.start_statements : merge(one, { Condition = {} })], local.secret_statements.execution)
    task      = local.secret_statements.task
    runs      = local.run_statements
    schedule  = local.schedule_statements
  }
  policies = { for name in keys(local.roles) : name => jsonencode({
    Version = "2012-10-17"
    # IAM returns no empty conditions.
    Statement = [for one in local.statements[name] : { for key, value in one : key => value if key != "Condition" || length(value) > 0 }]
  }) if length(local.statements[name]) > 0 }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name               = "${local.full_name}-${each.key}"
  description        = local.descriptions[each.key]
  assume_role_policy = each.value

  # No role may do more than the boundary of its environment, which its platform makes.
  permissions_boundary = var.platform.permissions_boundary_arn

  tags = local.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies

  name   = "job"
  role   = aws_iam_role.this[each.key].name
  policy = each.value
}

resource "aws_iam_role_policies_exclusive" "this" {
  for_each = local.roles

  role_name    = aws_iam_role.this[each.key].name
  policy_names = contains(keys(local.policies), each.key) ? [aws_iam_role_policy.this[each.key].name] : []
}

resource "aws_iam_role_policy_attachments_exclusive" "this" {
  for_each = local.roles

  role_name   = aws_iam_role.this[each.key].name
  policy_arns = []
}
