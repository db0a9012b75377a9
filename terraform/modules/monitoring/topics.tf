# Two topics: alarms wake somebody, deliveries inform. Both have a key of their own whose policy lets in the AWS services
# that publish: with a key that does not, CloudWatch drops the alarm and says nothing.

locals {
  account      = var.environment.account_id
  arn_prefix   = "arn:${var.environment.partition}"
  account_root = "${local.arn_prefix}:iam::${local.account}:root"
  topic_prefix = "${local.arn_prefix}:sns:${var.environment.region}:${local.account}:${var.environment.name}"

  # The conditions are those that AWS documents for each publisher, and no others: one that a service does not send is
  # a refusal, and the notification is lost in silence.
  # CloudWatch: "Example cases for Amazon SNS access control" in the SNS guide names source ARN and account for the topic,
  # "Manage Amazon SNS encryption keys" there and "Set up Amazon SNS notifications" in the CloudWatch guide none for the key.
  # Notifications: "Configure Amazon SNS topics for notifications" and "Troubleshooting" in the guide of the developer tools
  # console name the account for the topic, and kms:ViaService for the key.
  topics = {
    alarms = {
      publisher = "cloudwatch.amazonaws.com"
      condition = {
        ArnLike      = { "aws:SourceArn" = "${local.arn_prefix}:cloudwatch:${var.environment.region}:${local.account}:alarm:*" }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
      key_condition = null
      emails        = var.subscribers.alarms
    }
    deliveries = {
      publisher     = "codestar-notifications.amazonaws.com"
      condition     = { StringEquals = { "aws:SourceAccount" = local.account } }
      key_condition = { StringEquals = { "kms:ViaService" = "sns.${var.environment.region}.amazonaws.com" } }
      emails        = var.subscribers.deliveries
    }
  }

  key_statements = [for name in sort(keys(local.topics)) : merge({
    Sid       = "Publisher${title(name)}"
    Effect    = "Allow"
    Principal = { Service = local.topics[name].publisher }
    Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
    Resource  = "*"
  }, { for condition in [local.topics[name].key_condition] : "Condition" => condition if condition != null })]

  subscriptions = merge([
    for topic, settings in local.topics : { for email in settings.emails : "${topic}/${email}" => { topic = topic, email = email } }
  ]...)

  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "Root"
      Effect    = "Allow"
      Principal = { AWS = local.account_root }
      Action    = "kms:*"
      Resource  = "*"
    }], local.key_statements)
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
          Condition = topic.condition
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
