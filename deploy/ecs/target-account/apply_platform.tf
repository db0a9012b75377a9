# What Terraform may do for the root `platform`. tests/deploy/actions.yaml says which resource type needs which action.

locals {
  # Nothing here has an environment's name: ids of networks and keys, and what knows no resource at all.
  platform_foundation = [
    {
      Sid    = "LookAtNetworks"
      Effect = "Allow"
      Action = [
        "ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute", "ec2:DescribeFlowLogs", "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways", "ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces", "ec2:DescribePrefixLists",
        "ec2:DescribeRegions", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcs",
      ]
      Resource = ["*"] # these actions know no resource
    },
    {
      Sid    = "BuildNetworks"
      Effect = "Allow"
      Action = [
        "ec2:AcceptVpcPeeringConnection", "ec2:AllocateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway",
        "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateFlowLogs", "ec2:CreateInternetGateway",
        "ec2:CreateNatGateway", "ec2:CreateNetworkAcl", "ec2:CreateNetworkAclEntry", "ec2:CreateRoute", "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
        "ec2:CreateVpcPeeringConnection", "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway",
        "ec2:DeleteNetworkAcl", "ec2:DeleteNetworkAclEntry", "ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DescribeVpcAttribute", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DeleteVpcPeeringConnection",
        "ec2:DetachInternetGateway", "ec2:DisassociateAddress", "ec2:DisassociateRouteTable", "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ModifyVpcPeeringConnectionOptions", "ec2:ReleaseAddress",
        "ec2:ReplaceNetworkAclAssociation", "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation",
        "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
      ]
      Resource = ["${local.arn_in["ec2"]}:*"]
    },
    {
      # Cloud Map makes a private zone for its namespace, an interface endpoint one for its name: both on the caller's behalf.
      Sid    = "ZonesOfNamespacesAndEndpoints"
      Effect = "Allow"
      Action = [
        "route53:AssociateVPCWithHostedZone", "route53:DeleteHostedZone", "route53:GetHostedZone",
      ]
      Resource = ["${local.arn_prefix}:route53:::hostedzone/*"]
    },
    {
      Sid      = "FindZonesAndNamespaces"
      Effect   = "Allow"
      Action   = ["route53:CreateHostedZone", "route53:ListHostedZonesByName", "servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:ListTagsForResource", "servicediscovery:TagResource", "servicediscovery:UntagResource"]
      Resource = ["*"] # these actions know no resource
    },
    {
      Sid      = "Namespaces"
      Effect   = "Allow"
      Action   = ["servicediscovery:DeleteNamespace", "servicediscovery:GetNamespace", "servicediscovery:GetOperation", "servicediscovery:UpdatePrivateDnsNamespace"]
      Resource = ["${local.arn_in["servicediscovery"]}:*"]
    },
    local.keys_made,
    local.keys_kept,
    local.aliases_listed,
    local.subscriptions_kept,
    {
      # Containers of secrets, never their values: GetSecretValue and PutSecretValue are not here.
      Sid    = "Secrets"
      Effect = "Allow"
      Action = [
        "secretsmanager:CancelRotateSecret", "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret",
        "secretsmanager:GetResourcePolicy", "secretsmanager:RotateSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
      ]
      Resource = ["${local.arn_in["secretsmanager"]}:secret:*"]
    },
    {
      Sid      = "StartRotation"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = ["${local.arn_in["lambda"]}:function:*"]
    },
  ]

  platform_traffic = [
    {
      Sid    = "LookAtTraffic"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:DescribeCapacityReservation", "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags", "elasticloadbalancing:SetWebAcl",
      ]
      Resource = ["*"] # these actions know no resource
    },
    {
      Sid    = "LoadBalancers"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateWebACLAssociation", "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteWebACLAssociation", "elasticloadbalancing:GetLoadBalancerWebACL",
        "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
      ]
      Resource = concat(local.named.load_balancers, local.named.listeners)
    },
    {
      Sid    = "Firewalls"
      Effect = "Allow"
      Action = [
        "wafv2:AssociateWebACL", "wafv2:CreateWebACL", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL",
        "wafv2:DisassociateWebACL", "wafv2:GetLoggingConfiguration", "wafv2:GetPermissionPolicy", "wafv2:GetWebACL",
        "wafv2:GetWebACLForResource", "wafv2:ListTagsForResource", "wafv2:PutLoggingConfiguration", "wafv2:PutPermissionPolicy",
        "wafv2:TagResource", "wafv2:UntagResource", "wafv2:UpdateWebACL",
      ]
      Resource = concat(local.named.web_acls, local.named.load_balancers, ["${local.arn_in["wafv2"]}:regional/managedruleset/*", "${local.arn_prefix}:wafv2:${local.region}:aws:regional/managedruleset/*"])
    },
    {
      Sid    = "Clusters"
      Effect = "Allow"
      Action = [
        "ecs:CreateCluster", "ecs:DeleteCluster", "ecs:DescribeClusters", "ecs:ListTagsForResource", "ecs:PutClusterCapacityProviders",
        "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateCluster",
      ]
      Resource = local.named.clusters
    },
    local.log_groups_kept,
    {
      # WAF developer guide, "Sending protection pack (web ACL) traffic logs to a CloudWatch Logs log group", its permissions.
      Sid    = "DeliverLogs"
      Effect = "Allow"
      Action = [
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DeleteResourcePolicy", "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies", "logs:PutResourcePolicy",
      ]
      Resource = ["*"] # these actions know no resource
    },
  ]

  platform_access = [
    local.buckets_kept,
    local.topics_kept,
    local.subscriptions_made,
    local.alarms_kept,
    {
      Sid      = "Dashboards"
      Effect   = "Allow"
      Action   = ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"]
      Resource = local.named.dashboards
    },
    local.roles_read,
    local.roles_kept,
    local.roles_bounded,
    {
      Sid      = "Boundaries"
      Effect   = "Allow"
      Action   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy"]
      Resource = local.named.boundary
    },
    merge(local.roles_passed, { Condition = { StringEquals = { "iam:PassedToService" = "vpc-flow-logs.amazonaws.com" } } }),
    merge(local.service_roles, { Condition = { StringEquals = { "iam:AWSServiceName" = ["ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com", "wafv2.amazonaws.com"] } } }),
  ]
}
