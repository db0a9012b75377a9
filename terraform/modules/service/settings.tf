# What the tier means for a service: retention, images kept, Spot, whether its registry may go with its images.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}
