# What Terraform may do for the root `account`. It makes the roles of people, one of them for emergencies, so whoever may
# apply it can become an administrator: give it a role of its own, apart from those of the environments.

locals {
  account_audit = [
    {
      Sid    = "LookAtWhatKnowsNoResource"
      Effect = "Allow"
      Action = [
        "cloudtrail:DescribeTrails", "config:DeleteDeliveryChannel", "config:DescribeAggregationAuthorizations", "config:DescribeConfigRules", "config:DescribeConfigurationAggregators",
        "config:DescribeDeliveryChannels", "config:PutDeliveryChannel", "iam:DeleteAccountPasswordPolicy",
        "iam:GetAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy", "logs:DescribeLogGroups",
      ]
      Resource = ["*"]
    },
    {
      Sid    = "Trails"
      Effect = "Allow"
      Action = [
        "cloudtrail:AddTags", "cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:GetEventSelectors",
        "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags", "cloudtrail:RemoveTags",
        "cloudtrail:StartLogging", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
      ]
      Resource = local.named.trails
    },
    {
      Sid    = "Recording"
      Effect = "Allow"
      Action = [
        "config:DeleteAggregationAuthorization", "config:DeleteConfigRule", "config:DeleteConfigurationAggregator", "config:DeleteConfigurationRecorder",
        "config:DescribeConfigurationRecorderStatus", "config:DescribeConfigurationRecorders", "config:ListTagsForResource",
        "config:PutAggregationAuthorization", "config:PutConfigRule", "config:PutConfigurationAggregator", "config:PutConfigurationRecorder",
        "config:StartConfigurationRecorder", "config:StopConfigurationRecorder", "config:TagResource", "config:UntagResource",
      ]
      Resource = ["${local.arn_in["config"]}:*"]
    },
    local.log_groups_kept,
    {
      Sid      = "MetricFilters"
      Effect   = "Allow"
      Action   = ["logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter"]
      Resource = local.named.groups_of_logs
    },
    local.alarms_kept,
    local.topics_kept,
    local.subscriptions_made,
    local.subscriptions_kept,
    local.keys_made,
    local.keys_kept,
    local.aliases_listed,
    local.buckets_kept,
  ]

  account_people = [
    local.roles_read,
    local.roles_kept,
    {
      Sid      = "RolesOfPeople"
      Effect   = "Allow"
      Action   = ["iam:CreateRole", "iam:PutRolePolicy"]
      Resource = local.named.roles
    },
    {
      Sid       = "PoliciesOfAwsForPeople"
      Effect    = "Allow"
      Action    = ["iam:AttachRolePolicy"]
      Resource  = local.named.roles
      Condition = { ArnEquals = { "iam:PolicyARN" = [for name in var.account_policies : "${local.arn_prefix}:iam::aws:policy/${name}"] } }
    },
    {
      Sid    = "PoliciesOfPeople"
      Effect = "Allow"
      Action = [
        "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy",
        "iam:GetPolicyVersion", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy",
      ]
      Resource = local.named.policies
    },
    merge(local.roles_passed, { Condition = { StringEquals = { "iam:PassedToService" = ["cloudtrail.amazonaws.com", "config.amazonaws.com"] } } }),
  ]
}
