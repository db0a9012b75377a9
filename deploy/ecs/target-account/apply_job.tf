# What Terraform may do for the root `job`. tests/deploy/actions.yaml says which resource type needs which action.

locals {
  job_runs = [
    {
      Sid    = "LookAtWhatKnowsNoResource"
      Effect = "Allow"
      Action = [
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups",
        "ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition", "states:ValidateStateMachineDefinition",
      ]
      Resource = ["*"]
    },
    {
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:ListTagsForResource", "ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource"]
      Resource = local.named.task_definition
    },
    {
      Sid    = "SecurityGroups"
      Effect = "Allow"
      Action = [
        "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateSecurityGroup", "ec2:CreateTags",
        "ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
      ]
      Resource = [for kind in ["security-group", "security-group-rule", "vpc"] : "${local.arn_in["ec2"]}:${kind}/*"]
    },
    {
      Sid    = "StateMachines"
      Effect = "Allow"
      Action = [
        "states:CreateStateMachine", "states:DeleteStateMachine", "states:DescribeStateMachine", "states:ListStateMachineVersions",
        "states:ListTagsForResource", "states:TagResource", "states:UntagResource", "states:UpdateStateMachine",
      ]
      Resource = local.named.machines
    },
    {
      Sid      = "Schedules"
      Effect   = "Allow"
      Action   = ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"]
      Resource = local.named.schedules
    },
    {
      Sid    = "MissedRuns"
      Effect = "Allow"
      Action = [
        "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:ListQueueTags", "sqs:SetQueueAttributes",
        "sqs:TagQueue", "sqs:UntagQueue",
      ]
      Resource = local.named.queues
    },
    {
      Sid    = "Turns"
      Effect = "Allow"
      Action = [
        "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable",
      ]
      Resource = local.named.turns
    },
    local.alarms_kept,
    local.log_groups_found,
    local.log_groups_kept,
    local.roles_read,
    local.roles_kept,
    local.roles_bounded,
    merge(local.roles_passed, { Condition = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"] } } }),
  ]
}
