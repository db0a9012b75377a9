# What an account has once, whatever runs in it: the trail of who did what, its compliance record, and how people get in.

module "access" {
  source = "../../modules/access"

  environment          = var.environment
  people               = var.people
  break_glass_policies = var.break_glass_policies
}

module "audit" {
  source = "../../modules/audit"

  environment             = var.environment
  break_glass_role_arn    = module.access.role_arns.break_glass
  trail                   = var.trail
  subscribers             = var.subscribers
  mfa_delete              = var.mfa_delete
  mfa_device              = var.mfa_device
  record_global_resources = var.record_global_resources
  aggregated_account_ids  = var.aggregated_account_ids
  aggregated_by           = var.aggregated_by
  recorder                = var.recorder
  absent_rules            = var.absent_rules
}
