# The role that the daemon becomes to look at, plan and apply one account's environments. Applied in that account.

locals {
  account    = var.account.id
  region     = var.account.region
  arn_prefix = "arn:${var.account.partition}"

  bucket_arn = "${local.arn_prefix}:s3:::${var.state.bucket}"
  lock_arn   = "${local.arn_prefix}:dynamodb:${local.region}:${local.account}:table/${var.state.lock_table}"
  state_keys = sort(flatten([for name in var.environments : [for own in local.prefixes : "${var.state.prefix}${name}/${own}*/terraform.tfstate"]]))
  state_arns = [for key in local.state_keys : "${local.bucket_arn}/${key}"]

  # The daemon's role and nobody else of its account. A principal that does not exist yet is refused, so deploy/ecs comes
  # first; one that was deleted and made again is another one to IAM, so this is applied again then.
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheDaemon"
      Effect    = "Allow"
      Principal = { AWS = var.daemon.role_arn }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = var.daemon.role_arn }
        StringEquals = { "sts:RoleSessionName" = ["ecs-gitops-reconciler", "reconciler"] } # so that CloudTrail's names can be trusted
      }
    }]
  })

  # What Terraform's S3 backend asks for, with both kinds of locks; see its documentation, "Permissions Required".
  state_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "FindStates"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.bucket_arn]
      },
      {
        Sid      = "ReadAndWriteStates"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = concat(local.state_arns, [for arn in local.state_arns : "${arn}.tflock"])
      },
      {
        Sid      = "ReleaseLocks"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject"]
        Resource = [for arn in local.state_arns : "${arn}.tflock"]
      },
      merge(
        {
          Sid      = "LockInTheTable"
          Effect   = "Allow"
          Action   = ["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem"]
          Resource = [local.lock_arn]
        },
        # The S3 backend names a lock, and the checksum beside it, after the object ("DynamoDB State Locking").
        [for keys in [local.state_keys] : { Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = [for key in keys : "${var.state.bucket}/${key}*"] } } } if var.tenant != null]...
      ),
      {
        Sid      = "StateKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource = [var.state.kms_key_arn]
        Condition = {
          StringEquals = {
            "kms:ViaService" = ["dynamodb.${local.region}.amazonaws.com", "s3.${local.region}.amazonaws.com"]
          }
        }
      },
    ]
  })

  # What the daemon itself looks at and starts here. A test holds this list to the calls in reconciler/edges, in both directions.
  look_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LookAtServices"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:ecs:${local.region}:${local.account}:service/${name}/*"])
      },
      {
        Sid      = "LookAtTaskDefinitions"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition"]
        Resource = ["*"] # the action knows no resource
      },
      {
        Sid      = "LookAtTargets"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:DescribeTargetHealth"]
        Resource = ["*"] # the action knows no resource
      },
      {
        Sid      = "LookAtSchedules"
        Effect   = "Allow"
        Action   = ["application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScheduledActions"]
        Resource = ["*"] # the actions know no resource
      },
      {
        Sid      = "AskWhoMadeDrift"
        Effect   = "Allow"
        Action   = ["cloudtrail:LookupEvents"]
        Resource = ["*"] # the action knows no resource
      },
      {
        Sid      = "LookAtImages"
        Effect   = "Allow"
        Action   = ["ecr:DescribeImages"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:ecr:${local.region}:${local.account}:repository/${name}/*"])
      },
      {
        Sid      = "LookWhetherBucketsAreEmpty"
        Effect   = "Allow"
        Action   = ["s3:ListBucketVersions"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:s3:::${name}-*"])
      },
      {
        Sid      = "LookWhetherSecretsExist"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret"] # names and dates, never values
        Resource = ["${local.arn_prefix}:secretsmanager:${local.region}:${local.account}:secret:*"]
      },
      {
        Sid      = "LookWhetherRolesExist"
        Effect   = "Allow"
        Action   = ["iam:GetRole"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:iam::${local.account}:role/${name}-*"])
      },
      {
        Sid       = "FindTasks"
        Effect    = "Allow"
        Action    = ["ecs:ListTasks"]
        Resource  = ["*"] # the action knows no task, only the cluster
        Condition = { ArnEquals = { "ecs:cluster" = sort([for name in var.environments : "${local.arn_prefix}:ecs:${local.region}:${local.account}:cluster/${name}"]) } }
      },
      {
        Sid      = "DefinePreDeploymentTasks"
        Effect   = "Allow"
        Action   = ["ecs:RegisterTaskDefinition"]
        Resource = ["*"] # the action knows no resource before it exists
      },
      {
        Sid      = "RunPreDeploymentTasks"
        Effect   = "Allow"
        Action   = ["ecs:RunTask", "ecs:TagResource"]
        Resource = sort(flatten([for name in var.environments : ["${local.arn_prefix}:ecs:${local.region}:${local.account}:task-definition/${name}-*-pre-deployment:*", "${local.arn_prefix}:ecs:${local.region}:${local.account}:task/${name}/*"]]))
      },
      {
        Sid      = "WatchPreDeploymentTasks"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:ecs:${local.region}:${local.account}:task/${name}/*"])
      },
      {
        Sid      = "RunOneOffTasks"
        Effect   = "Allow"
        Action   = ["ecs:RunTask"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:ecs:${local.region}:${local.account}:task-definition/${name}-*:*"])
      },
      {
        Sid      = "StartAndWatchRunsOfJobs"
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:ListExecutions", "states:StartExecution"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:states:${local.region}:${local.account}:*:${name}-*"])
      },
      {
        Sid      = "ReadLogsOfTasks"
        Effect   = "Allow"
        Action   = ["logs:FilterLogEvents", "logs:GetLogEvents"]
        Resource = sort([for name in var.environments : "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:/ecs/${name}/*"])
      },
      {
        Sid       = "GivePreDeploymentTasksTheirRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = sort(flatten([for name in var.environments : [for role in ["execution", "task"] : "${local.arn_prefix}:iam::${local.account}:role/${name}-*-${role}"]]))
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })

  policies = merge(
    { state = local.state_policy },
    { for name, policy in { look = local.look_policy } : name => policy if var.tenant == null }, # the daemon looks with its own role
    { for name, policy in var.terraform.policies : "terraform-${name}" => policy },
  )
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "The reconciler looks at, plans and applies ${join(", ", sort(var.environments))} with this"
  assume_role_policy   = local.trust
  permissions_boundary = var.permissions_boundary_arn
  max_session_duration = 3600

  lifecycle {
    precondition {
      condition     = sum([for policy in values(local.policies) : length(policy)]) <= 10240
      error_message = "The inline policies have ${sum([for policy in values(local.policies) : length(policy)])} characters for ${length(var.environments)} environments; IAM allows 10240. Give some of the environments a role of their own: apply this root again under another name."
    }
    precondition {
      condition     = length(local.apply) + length(var.terraform.managed_policy_arns) <= 10
      error_message = "The role would have ${length(local.apply) + length(var.terraform.managed_policy_arns)} managed policies; IAM allows 10. Merge some of terraform.managed_policy_arns."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.this.name
  policy = each.value
}

resource "aws_iam_role_policies_exclusive" "this" {
  role_name    = aws_iam_role.this.name
  policy_names = [for policy in aws_iam_role_policy.this : policy.name]
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.attached

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

resource "aws_iam_role_policy_attachments_exclusive" "this" {
  role_name   = aws_iam_role.this.name
  policy_arns = [for attachment in aws_iam_role_policy_attachment.this : attachment.policy_arn]
}
