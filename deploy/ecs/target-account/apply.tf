# The role's managed policies: for each root that it applies, and the guard. IAM allows 6,144 characters in each, white
# space apart, and ten on one role ("IAM and AWS STS quotas").

locals {
  statements = {
    account-audit       = jsonencode(local.account_audit)
    account-people      = jsonencode(local.account_people)
    guard               = jsonencode(local.guard)
    job-runs            = jsonencode(local.job_runs)
    platform-access     = jsonencode(local.platform_access)
    platform-foundation = jsonencode(local.platform_foundation)
    platform-traffic    = jsonencode(local.platform_traffic)
    service-access      = jsonencode(local.service_access)
    service-delivery    = jsonencode(local.service_delivery)
    service-runtime     = jsonencode(local.service_runtime)
    tenant              = jsonencode(local.tenant_guard)
  }
  apply = {
    for name, statements in local.statements : name => "{\"Version\":\"2012-10-17\",\"Statement\":${statements}}"
    if contains(concat(["guard"], var.tenant == null ? [] : ["tenant"], tolist(var.roots)), split("-", name)[0])
  }
  attached = merge(
    { for arn in var.terraform.managed_policy_arns : arn => arn },
    { for name, policy in aws_iam_policy.apply : name => "${local.iam_arn}:policy/${policy.name}" },
  )
}

resource "aws_iam_policy" "apply" {
  for_each = local.apply

  name        = "${var.name}-${each.key}"
  description = contains(["guard", "tenant"], each.key) ? "What ${var.name} may never do" : "What ${var.name} needs to apply the root ${split("-", each.key)[0]}"
  policy      = each.value

  lifecycle {
    precondition {
      condition     = length(each.value) <= 6144
      error_message = "The policy ${each.key} has ${length(each.value)} characters for ${length(var.environments)} environments; IAM allows 6144. Give some of the environments a role of their own: apply this root again under another name."
    }
  }
}
