output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id

  # A security group may refer to one of a peer only when the peering is there.
  depends_on = [aws_vpc_peering_connection.this, aws_vpc_peering_connection_accepter.this]
}

output "vpc_cidr" {
  description = "Address range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "Private subnets, in the order of the availability zones."
  value       = [for zone in var.network.availability_zones : aws_subnet.private[zone].id]

  # Whoever starts tasks here needs the way out first, and the endpoint's routes.
  depends_on = [aws_route.private_nat, aws_route_table_association.private]
}

output "public_subnet_ids" {
  description = "Public subnets, in the order of the availability zones."
  value       = [for zone in var.network.availability_zones : aws_subnet.public[zone].id]

  depends_on = [aws_route.public_internet, aws_route_table_association.public]
}

output "nat_gateway_ids" {
  description = "Ids of the NAT gateways, by availability zone; empty without NAT."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
}

output "peer_cidrs" {
  description = "Address ranges of the networks that this one is peered with."
  value       = [for name in sort(keys(var.network.peerings)) : var.network.peerings[name].cidr]
}

output "caller_cidrs" {
  description = "Address ranges of the peered networks that may call internal services."
  value       = [for name in sort(keys(var.network.peerings)) : var.network.peerings[name].cidr if var.network.peerings[name].callers]
}

output "peering_connection_ids" {
  description = "Ids of the peering connections, by the names of the peerings: the other side accepts a requested one by its id."
  value       = local.peer_connections
}
