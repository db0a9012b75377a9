# Secrets, without their values: whoever owns a secret puts its value with the AWS CLI, a rotation function replaces it.
# So no value is ever in a plan, in a state or in Git.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}

locals {
  prefix = "${var.environment.name}/"
}

# Names are unique in an account, so they begin with the environment's. A secret that was made before they did keeps its
# name: another one would be another secret, without a value.
resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = startswith(each.key, local.prefix) ? each.key : "${local.prefix}${each.key}"
  kms_key_id              = var.secrets_key_arn
  recovery_window_in_days = module.settings.settings.secret_recovery_days

  tags = each.value.rotation == null ? { RotationExempt = each.value.rotation_exempt_reason } : {}

  lifecycle {
    ignore_changes = [name]
  }
}

resource "aws_secretsmanager_secret_rotation" "this" {
  for_each = { for name, secret in var.secrets : name => secret.rotation if secret.rotation != null }

  secret_id           = aws_secretsmanager_secret.this[each.key].id
  rotation_lambda_arn = each.value.lambda_arn
  rotate_immediately  = false # there may be no value yet

  rotation_rules {
    automatically_after_days = each.value.days < 90 ? each.value.days : 90 # never later, whatever is asked for
  }
}
