# What Terraform may do for the root `service`. tests/deploy/actions.yaml says which resource type needs which action.

locals {
  service_runtime = [
    {
      Sid    = "LookAtWhatKnowsNoResource"
      Effect = "Allow"
      Action = [
        "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies", "application-autoscaling:DescribeScheduledActions",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups",
        "ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "servicediscovery:ListTagsForResource", "servicediscovery:TagResource", "servicediscovery:UntagResource",
        "ssm:DescribeParameters",
      ]
      Resource = ["*"]
    },
    {
      Sid    = "Services"
      Effect = "Allow"
      Action = [
        "ecs:CreateService", "ecs:DeleteService", "ecs:DescribeServices", "ecs:ListTagsForResource", "ecs:RegisterTaskDefinition",
        "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateService",
      ]
      Resource = concat(local.named.services, local.named.task_definition)
    },
    {
      Sid    = "Scaling"
      Effect = "Allow"
      Action = [
        "application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeleteScheduledAction", "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:ListTagsForResource", "application-autoscaling:PutScalingPolicy", "application-autoscaling:PutScheduledAction",
        "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource", "application-autoscaling:UntagResource",
      ]
      Resource = ["${local.arn_in["application-autoscaling"]}:scalable-target/*"]
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
      Sid    = "Traffic"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateRule", "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetRulePriorities",
      ]
      Resource = concat(local.named.listeners, local.named.rules, local.named.target_groups)
    },
    {
      Sid    = "Discovery"
      Effect = "Allow"
      Action = [
        "servicediscovery:CreateService", "servicediscovery:DeleteService", "servicediscovery:DeregisterInstance",
        "servicediscovery:GetOperation", "servicediscovery:GetService", "servicediscovery:ListInstances",
        "servicediscovery:UpdateService",
      ]
      Resource = [for kind in ["namespace", "service"] : "${local.arn_in["servicediscovery"]}:${kind}/*"]
    },
    {
      Sid    = "Directories"
      Effect = "Allow"
      Action = [
        "elasticfilesystem:CreateAccessPoint", "elasticfilesystem:DeleteAccessPoint", "elasticfilesystem:DescribeAccessPoints",
        "elasticfilesystem:ListTagsForResource", "elasticfilesystem:TagResource", "elasticfilesystem:UntagResource",
      ]
      Resource = [for kind in ["access-point", "file-system"] : "${local.arn_in["elasticfilesystem"]}:${kind}/*"]
    },
    local.alarms_kept,
  ]

  service_access = [
    local.log_groups_found,
    local.log_groups_kept,
    local.roles_read,
    local.roles_kept,
    local.roles_bounded,
    merge(local.roles_passed, { Condition = { StringEquals = { "iam:PassedToService" = ["codebuild.amazonaws.com", "codepipeline.amazonaws.com", "ecs-tasks.amazonaws.com"] } } }),
    merge(local.service_roles, { Condition = { StringEquals = { "iam:AWSServiceName" = [
      "codestar-notifications.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com",
    ] } } }),
  ]

  service_delivery = [
    {
      Sid    = "ImageRepositories"
      Effect = "Allow"
      Action = [
        "ecr:BatchDeleteImage", "ecr:CreateRepository", "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DeleteRepositoryPolicy", "ecr:DescribeRepositories",
        "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListImages", "ecr:ListTagsForResource",
        "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy", "ecr:SetRepositoryPolicy",
        "ecr:TagResource", "ecr:UntagResource",
      ]
      Resource = local.named.images
    },
    {
      # ECR grants itself the key of a repository on the caller's behalf, SSM uses it for the caller's parameter.
      Sid       = "KeysOfRepositoriesAndParameters"
      Effect    = "Allow"
      Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:RetireGrant"]
      Resource  = ["${local.arn_in["kms"]}:key/*"]
      Condition = { StringEquals = { "kms:ViaService" = ["ecr.${local.region}.amazonaws.com", "ssm.${local.region}.amazonaws.com"] } }
    },
    {
      Sid    = "ImagePointers"
      Effect = "Allow"
      Action = [
        "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
        "ssm:PutParameter", "ssm:RemoveTagsFromResource",
      ]
      Resource = local.named.parameters
    },
    {
      Sid      = "Builds"
      Effect   = "Allow"
      Action   = ["codebuild:BatchGetProjects", "codebuild:CreateProject", "codebuild:DeleteProject", "codebuild:UpdateProject"]
      Resource = local.named.builds
    },
    {
      Sid    = "Pipelines"
      Effect = "Allow"
      Action = [
        "codepipeline:CreatePipeline", "codepipeline:DeletePipeline", "codepipeline:GetPipeline", "codepipeline:ListTagsForResource",
        "codepipeline:TagResource", "codepipeline:UntagResource", "codepipeline:UpdatePipeline",
      ]
      Resource = local.named.pipelines
    },
    {
      Sid    = "HandConnectionsToPipelines"
      Effect = "Allow"
      Action = [
        "codeconnections:PassConnection", "codeconnections:UseConnection",
        "codestar-connections:PassConnection", "codestar-connections:UseConnection",
      ]
      Resource = [for service in ["codeconnections", "codestar-connections"] : "${local.arn_in[service]}:connection/*"]
    },
    {
      Sid    = "Notifications"
      Effect = "Allow"
      Action = [
        "codestar-notifications:CreateNotificationRule", "codestar-notifications:DeleteNotificationRule",
        "codestar-notifications:DescribeNotificationRule", "codestar-notifications:TagResource", "codestar-notifications:UntagResource",
        "codestar-notifications:Unsubscribe", "codestar-notifications:UpdateNotificationRule",
      ]
      Resource = ["${local.arn_in["codestar-notifications"]}:notificationrule/*"]
    },
    {
      Sid      = "TargetsOfNotifications"
      Effect   = "Allow"
      Action   = ["codestar-notifications:DeleteTarget", "codestar-notifications:ListTargets"]
      Resource = ["*"] # these actions know no resource
    },
  ]
}
