# Every connection in the VPC, accepted or refused, in an encrypted log group.

locals {
  flow_log_group = "/vpc/${var.environment.name}/flow"
  flow_log_arn   = "arn:${var.environment.partition}:logs:${var.environment.region}:${var.environment.account_id}:log-group:${local.flow_log_group}"

  flow_log_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FlowLogsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.environment.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${var.environment.partition}:ec2:${var.environment.region}:${var.environment.account_id}:vpc-flow-log/*" }
      }
    }]
  })

  flow_log_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteFlowLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      Resource = ["${local.flow_log_arn}:*"]
    }]
  })
}

resource "aws_cloudwatch_log_group" "flow" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = local.flow_log_group
  retention_in_days = module.settings.settings.log_days
  kms_key_id        = var.logs_key_arn
}

resource "aws_iam_role" "flow_logs" {
  name                 = "${var.environment.name}-vpc-flow-logs"
  description          = "VPC flow logs of ${var.environment.name} write to their log group"
  assume_role_policy   = local.flow_log_trust
  permissions_boundary = var.permissions_boundary_arn
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "flow_logs" {
  name   = "write-flow-logs"
  role   = aws_iam_role.flow_logs.name
  policy = local.flow_log_policy
}

resource "aws_iam_role_policies_exclusive" "flow_logs" {
  role_name    = aws_iam_role.flow_logs.name
  policy_names = [aws_iam_role_policy.flow_logs.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "flow_logs" {
  role_name   = aws_iam_role.flow_logs.name
  policy_arns = []
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow_logs.arn
  max_aggregation_interval = module.settings.settings.flow_log_seconds

  tags = { Name = var.environment.name }

  depends_on = [aws_iam_role_policy.flow_logs]
}
