# Who hears of what, and what the environment looks like: topics, alarms on what services share, one dashboard.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}
