# The VPC: a private and a public subnet in each of three zones, a way out by NAT, and nothing open by default.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}

locals {
  prefix = tonumber(split("/", var.network.cidr)[1])

  # Sixteenths of the VPC for the private subnets; the public ones share the fourth sixteenth.
  # In a /16 that is /20 and /24. A load balancer needs a /27, so smaller VPCs cut their public subnets less finely.
  private_bits = 4
  public_bits  = min(8, 27 - local.prefix)
  public_start = 3 * pow(2, local.public_bits - local.private_bits)

  private_subnets = {
    for index, zone in var.network.availability_zones : zone => cidrsubnet(var.network.cidr, local.private_bits, index)
  }
  public_subnets = {
    for index, zone in var.network.availability_zones :
    zone => cidrsubnet(var.network.cidr, local.public_bits, local.public_start + index)
  }

  nat_zones = {
    one_per_az = var.network.availability_zones
    single     = slice(var.network.availability_zones, 0, 1)
    none       = []
  }[var.network.nat]

  nat_zone_of = length(local.nat_zones) == 0 ? {} : {
    for zone in var.network.availability_zones : zone => contains(local.nat_zones, zone) ? zone : local.nat_zones[0]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.network.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.environment.name }
}

# Adopted and emptied, so that nothing can rely on a group that allows everything.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  ingress = []
  egress  = []

  tags = { Name = "${var.environment.name}-default-closed" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.environment.name }
}

resource "aws_subnet" "public" {
  for_each = local.public_subnets

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.environment.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.private_subnets

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.environment.name}-private-${each.key}" }
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain = "vpc"

  tags = { Name = "${var.environment.name}-nat-${each.key}" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${var.environment.name}-${each.key}" }

  depends_on = [aws_internet_gateway.this]
}
