output "settings" {
  description = "What holds in the tier: retention in days, protection against deletion, NAT modes allowed, Spot, least number of tasks, recovery windows in days."
  value       = local.tiers[var.tier]
}
