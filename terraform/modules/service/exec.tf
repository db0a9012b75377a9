# A shell into running tasks, where it is asked for. The cluster logs every session to a group of its own, encrypted with
# its key. Source: Amazon ECS developer guide, "Monitor Amazon ECS containers with ECS Exec", IAM permissions.

locals {
  exec_group = "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:/cluster/${var.environment.name}/exec"
  exec_policies = { for name in var.task.exec ? ["exec"] : [] : name => jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "OpenSessions"
        Effect = "Allow"
        Action = [
          "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
        ]
        Resource = ["*"] # the actions know no resource
      },
      {
        Sid      = "FindLogGroup"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = ["*"] # as above: one list of all groups
      },
      {
        Sid      = "LogSessions"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = ["${local.exec_group}:*"]
      },
      {
        Sid      = "DecryptSessions"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.platform.kms.ecs]
      },
    ]
  }) }
}
