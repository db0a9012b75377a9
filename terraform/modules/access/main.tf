# Roles that people take on for a while. `trust.tf` says who; no policy of a role mentions MFA, of which sessions of
# assumed roles know nothing.

locals {
  roles = {
    reader = {
      description = "Look at everything, change nothing"
      managed     = ["ReadOnlyAccess"]
      statements  = []
    }
    operator = {
      description = "Look at everything; restart and scale services, start and approve pipelines"
      managed     = ["ReadOnlyAccess"]
      statements  = local.operating
    }
    break_glass = {
      description = "For emergencies: every use raises an alarm"
      managed     = var.break_glass_policies
      statements = [{
        Sid      = "DeleteTrailFiles"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource = ["${local.arn_prefix}:s3:::${var.environment.name}-trail-${local.account}-${var.environment.region}/*"]
      }]
    }
  }

  role_names = { for role in keys(local.roles) : role => "${var.environment.name}-${replace(role, "_", "-")}" }
  inline     = { for role, settings in local.roles : role => settings if length(settings.statements) > 0 }
  attached = merge([
    for role, settings in local.roles : { for policy in settings.managed : "${role}/${policy}" => { role = role, policy = policy } }
  ]...)
}

resource "aws_iam_role" "people" {
  for_each = local.roles

  name                 = local.role_names[each.key]
  description          = each.value.description
  assume_role_policy   = local.trust
  max_session_duration = each.key == "break_glass" ? 3600 : var.people.session_seconds
}

resource "aws_iam_role_policy" "people" {
  for_each = local.inline

  name   = replace(each.key, "_", "-")
  role   = aws_iam_role.people[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}

resource "aws_iam_role_policy_attachment" "people" {
  for_each = local.attached

  role       = aws_iam_role.people[each.value.role].name
  policy_arn = "${local.arn_prefix}:iam::aws:policy/${each.value.policy}"
}

resource "aws_iam_role_policies_exclusive" "people" {
  for_each = local.roles

  role_name    = aws_iam_role.people[each.key].name
  policy_names = contains(keys(local.inline), each.key) ? [aws_iam_role_policy.people[each.key].name] : []
}

resource "aws_iam_role_policy_attachments_exclusive" "people" {
  for_each = local.roles

  role_name   = aws_iam_role.people[each.key].name
  policy_arns = [for name, attachment in local.attached : aws_iam_role_policy_attachment.people[name].policy_arn if attachment.role == each.key]
}
