# Other networks, only where asked for, and only their exact ranges. Production takes part only if its own manifest says so.

locals {
  peer_accounts = { for name, peer in var.network.peerings : name => coalesce(peer.account_id, var.environment.account_id) }

  peer_routes = merge([
    for name, peer in var.network.peerings : {
      for zone in var.network.availability_zones : "${name}/${zone}" => { peer = name, zone = zone, cidr = peer.cidr }
    }
  ]...)
}

resource "aws_vpc_peering_connection" "this" {
  for_each = var.network.peerings

  vpc_id        = aws_vpc.this.id
  peer_vpc_id   = each.value.vpc_id
  peer_owner_id = local.peer_accounts[each.key]

  # Another account has to accept by itself; until then the routes lead nowhere.
  auto_accept = local.peer_accounts[each.key] == var.environment.account_id

  tags = { Name = "${var.environment.name}-${each.key}" }
}

resource "aws_route" "peer" {
  for_each = local.peer_routes

  route_table_id            = aws_route_table.private[each.value.zone].id
  destination_cidr_block    = each.value.cidr
  vpc_peering_connection_id = aws_vpc_peering_connection.this[each.value.peer].id
}
