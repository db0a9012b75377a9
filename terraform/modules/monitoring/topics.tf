# Two topics: alarms wake somebody, deliveries inform. Both have a key of their own whose policy lets in the AWS services
# that publish: with a key that does not, CloudWatch drops the alarm and says nothing.

locals {
  account      = var.environment.account_id
  arn_prefix   = "arn:${var.environment.partition}"
  account_root = "${local.arn_prefix}:iam::${local.account}:root"
  topic_prefix = "${local.arn_prefix}:sns:${var.environment.region}:${local.account}:${var.environment.name}"

  topics = {
    alarms = {
      publisher = "cloudwatch.amazonaws.com"
      source    = "${local.arn_prefix}:cloudwatch:${var.environment.region}:${local.account}:alarm:*"
      emails    = var.subscribers.alarms
    }
    deliveries = {
      publisher = "codestar-notifications.amazonaws.com"
      source    = "${local.arn_prefix}:codestar-notifications:${var.environment.region}:${local.account}:notificationrule/*"
      emails    = var.subscribers.deliveries
    }
  }

  subscriptions = merge([
    for topic, settings in local.topics : { for email in settings.emails : "${topic}/${email}" => { topic = topic, email = email } }
  ]...)

  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Root"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "PublishersOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = [for topic in values(local.topics) : topic.publisher] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })

  topic_policies = {
    for name, topic in local.topics : name => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "ThisAccount"
          Effect    = "Allow"
          Principal = { AWS = local.account_root }
          Action    = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:Publish", "sns:SetTopicAttributes", "sns:Subscribe"]
          Resource  = "${local.topic_prefix}-${name}"
          Condition = { StringEquals = { "aws:PrincipalAccount" = local.account } }
        },
        {
          Sid       = "Publisher"
          Effect    = "Allow"
          Principal = { Service = topic.publisher }
          Action    = "sns:Publish"
          Resource  = "${local.topic_prefix}-${name}"
          Condition = {
            ArnLike      = { "aws:SourceArn" = topic.source }
            StringEquals = { "aws:SourceAccount" = local.account }
          }
        },
        {
          Sid       = "DenyInsecureTransport"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = "${local.topic_prefix}-${name}"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    })
  }
}

resource "aws_kms_key" "topics" {
  description             = "${var.environment.name}: alarms and notifications"
  enable_key_rotation     = true
  deletion_window_in_days = module.settings.settings.key_deletion_days
  policy                  = local.key_policy
}

resource "aws_kms_alias" "topics" {
  name          = "alias/${var.environment.name}-topics"
  target_key_id = aws_kms_key.topics.key_id
}

resource "aws_sns_topic" "this" {
  for_each = local.topics

  name              = "${var.environment.name}-${each.key}"
  kms_master_key_id = aws_kms_key.topics.arn
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.topics

  arn    = aws_sns_topic.this[each.key].arn
  policy = local.topic_policies[each.key]
}

# AWS sends each address a mail that has to be confirmed; until then it gets nothing.
resource "aws_sns_topic_subscription" "email" {
  for_each = local.subscriptions

  topic_arn = aws_sns_topic.this[each.value.topic].arn
  protocol  = "email"
  endpoint  = each.value.email
}
