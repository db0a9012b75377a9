output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
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
