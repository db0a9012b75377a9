# What the role of a tenant may never do: change what has no name of its own and belongs to others. The modules tag all that
# they make for a service with its name. A key that is absent from the request counts as another one ("IAM JSON policy
# elements: Condition operators", negated matching).

locals {
  tenants_own   = [for own in local.prefixes : "${own}*"]
  not_tagged    = { StringNotLike = { "aws:ResourceTag/Service" = local.tenants_own } }
  not_requested = { StringNotLike = { "aws:RequestTag/Service" = local.tenants_own } }

  tenant_guard = [
    {
      Sid    = "ChangeNothingOfOthers"
      Effect = "Deny"
      Action = [
        "application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeleteScheduledAction",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:PutScalingPolicy", "application-autoscaling:PutScheduledAction", "codestar-notifications:DeleteNotificationRule",
        "codestar-notifications:UpdateNotificationRule", "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
        "elasticfilesystem:DeleteAccessPoint", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:ModifyRule", "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetRulePriorities", "servicediscovery:DeleteService", "servicediscovery:DeregisterInstance",
        "servicediscovery:UpdateService",
      ]
      Resource = [
        "${local.arn_in["application-autoscaling"]}:scalable-target/*", "${local.arn_in["codestar-notifications"]}:notificationrule/*",
        "${local.arn_in["ec2"]}:security-group/*", "${local.arn_in["elasticfilesystem"]}:access-point/*",
        "${local.arn_in["elasticloadbalancing"]}:listener-rule/*", "${local.arn_in["servicediscovery"]}:service/*",
      ]
      Condition = local.not_tagged
    },
    # A tag would make another's resource look like one's own; new resources are tagged by the call that makes them.
    {
      Sid       = "TagNoGroupsOfOthers"
      Effect    = "Deny"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.arn_in["ec2"]}:security-group/*"]
      Condition = merge(local.not_tagged, { Null = { "ec2:CreateAction" = "true" } })
    },
    {
      Sid       = "TagNoRulesOfOthers"
      Effect    = "Deny"
      Action    = ["elasticloadbalancing:AddTags"]
      Resource  = ["${local.arn_in["elasticloadbalancing"]}:listener-rule/*"]
      Condition = merge(local.not_tagged, { Null = { "elasticloadbalancing:CreateAction" = "true" } })
    },
    {
      # Scaling is registered and changed by the same call.
      Sid       = "ScaleNothingOfOthers"
      Effect    = "Deny"
      Action    = ["application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource"]
      Resource  = ["${local.arn_in["application-autoscaling"]}:scalable-target/*"]
      Condition = merge(local.not_tagged, { Null = { "aws:ResourceTag/Service" = "false" } })
    },
    {
      Sid       = "MakeNothingForOthers"
      Effect    = "Deny"
      Action    = ["ec2:CreateSecurityGroup", "elasticloadbalancing:CreateRule"]
      Resource  = ["${local.arn_in["ec2"]}:security-group/*", "${local.arn_in["elasticloadbalancing"]}:listener-rule/*"]
      Condition = local.not_requested
    },
  ]
}
