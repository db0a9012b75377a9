# Other networks, only where both sides ask for them, and only their exact ranges. One side requests a peering, the other
# accepts it in its own manifest, so that no environment joins another's network by itself.

locals {
  requested_peerings = { for name, peer in var.network.peerings : name => peer if peer.vpc_id != null }
  accepted_peerings  = { for name, peer in var.network.peerings : name => peer if peer.connection_id != null }

  peer_connections = merge(
    { for name, connection in aws_vpc_peering_connection.this : name => connection.id },
    { for name, connection in aws_vpc_peering_connection_accepter.this : name => connection.id },
  )

  # AWS refuses options of a connection that is not active. The accepting side activates it here; the requesting side
  # learns of it by its manifest.
  active_peerings = { for name, peer in var.network.peerings : name => peer if peer.accepted || peer.connection_id != null }

  peer_routes = merge([
    for name, peer in var.network.peerings : {
      for zone in var.network.availability_zones : "${name}/${zone}" => { peer = name, zone = zone, cidr = peer.cidr }
    }
  ]...)
}

resource "aws_vpc_peering_connection" "this" {
  for_each = local.requested_peerings

  vpc_id        = aws_vpc.this.id
  peer_vpc_id   = each.value.vpc_id
  peer_owner_id = coalesce(each.value.account_id, var.environment.account_id)
  auto_accept   = false

  tags = { Name = "${var.environment.name}-${each.key}" }
}

# In one account both sides see the same tags, and those are the requester's.
resource "aws_vpc_peering_connection_accepter" "this" {
  for_each = local.accepted_peerings

  vpc_peering_connection_id = each.value.connection_id
  auto_accept               = true

  lifecycle {
    ignore_changes = [tags, tags_all]
  }
}

# Public host names of either side resolve to private addresses. Each side sets its own half.
# Source: "Enable DNS resolution for a VPC peering connection" in the VPC peering guide.
resource "aws_vpc_peering_connection_options" "this" {
  for_each = local.active_peerings

  vpc_peering_connection_id = local.peer_connections[each.key]

  dynamic "requester" {
    for_each = each.value.vpc_id == null ? [] : ["requester"]

    content {
      allow_remote_vpc_dns_resolution = true
    }
  }

  dynamic "accepter" {
    for_each = each.value.vpc_id == null ? ["accepter"] : []

    content {
      allow_remote_vpc_dns_resolution = true
    }
  }
}

# A route through a connection that is still pending is a black hole until it is active.
# Source: "Update your route tables for a VPC peering connection" in the VPC peering guide.
resource "aws_route" "peer" {
  for_each = local.peer_routes

  route_table_id            = aws_route_table.private[each.value.zone].id
  destination_cidr_block    = each.value.cidr
  vpc_peering_connection_id = local.peer_connections[each.value.peer]
}
