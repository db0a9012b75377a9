# The capacity of the tasks. AWS takes Spot tasks away with a warning of two minutes.
locals {
  # Production never runs on Spot by itself; elsewhere one task always has regular capacity.
  usual_capacity = merge(
    { FARGATE = { base = 1, weight = 1 } },
    var.platform.cluster.spot && local.spot_weight > 0 ? { FARGATE_SPOT = { base = 0, weight = local.spot_weight } } : {},
  )

  # Both providers belong to every cluster of a platform. One without tasks is left out.
  shared_capacity = { for provider, share in {
    FARGATE      = { base = try(var.spot.base, 0), weight = 100 - try(var.spot.share, 0) }
    FARGATE_SPOT = { base = 0, weight = try(var.spot.share, 0) }
  } : provider => share if share.base + share.weight > 0 }

  capacity = var.spot == null ? local.usual_capacity : local.shared_capacity
}
