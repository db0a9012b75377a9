# The meaning of the tier for a job: how long logs are kept, and whether they may go with it.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}
