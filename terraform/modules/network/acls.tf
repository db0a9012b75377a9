# Network ACLs, inline and complete like the groups, so that a rule added by hand is drift and goes away. They know no
# connections: answers come in on the port that the asker picked, any high port at a NAT gateway, 32768 and up at a task.

locals {
  anywhere = "0.0.0.0/0"

  # AWS numbers rules and the lowest that fits decides; all of these allow, and what none allows is refused.
  from_inside = [for index, cidr in concat([var.network.cidr], [for name in sort(keys(var.network.peerings)) : var.network.peerings[name].cidr]) : {
    number = 100 + index, protocol = "-1", cidr = cidr, from = 0, to = 0
  }]

  # Without the answer "packet too big" (ICMP type 3, code 4) large responses vanish on the way.
  path_mtu = [{ number = 300, protocol = "icmp", cidr = local.anywhere, from = 0, to = 0 }]

  private_ingress = concat(local.from_inside, [
    { number = 200, protocol = "tcp", cidr = local.anywhere, from = 32768, to = 65535 }, # answers to tasks
  ], local.path_mtu)
  private_egress = concat(local.from_inside, [
    { number = 200, protocol = "tcp", cidr = local.anywhere, from = 443, to = 443 }, # AWS endpoints, registries, partners
  ], local.path_mtu)
  public_ingress = concat(local.from_inside, [
    { number = 200, protocol = "tcp", cidr = local.anywhere, from = 80, to = 80 },
    { number = 210, protocol = "tcp", cidr = local.anywhere, from = 443, to = 443 },
    { number = 220, protocol = "tcp", cidr = local.anywhere, from = 1024, to = 65535 }, # answers to NAT gateways
  ], local.path_mtu)
  public_egress = concat(local.from_inside, [
    { number = 200, protocol = "tcp", cidr = local.anywhere, from = 443, to = 443 },
    { number = 210, protocol = "tcp", cidr = local.anywhere, from = 1024, to = 65535 }, # answers to browsers
  ], local.path_mtu)
}

resource "aws_network_acl" "private" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]

  dynamic "ingress" {
    for_each = local.private_ingress

    content {
      rule_no    = ingress.value.number
      action     = "allow"
      protocol   = ingress.value.protocol
      cidr_block = ingress.value.cidr
      from_port  = ingress.value.from
      to_port    = ingress.value.to
      icmp_type  = ingress.value.protocol == "icmp" ? 3 : null
      icmp_code  = ingress.value.protocol == "icmp" ? 4 : null
    }
  }

  dynamic "egress" {
    for_each = local.private_egress

    content {
      rule_no    = egress.value.number
      action     = "allow"
      protocol   = egress.value.protocol
      cidr_block = egress.value.cidr
      from_port  = egress.value.from
      to_port    = egress.value.to
      icmp_type  = egress.value.protocol == "icmp" ? 3 : null
      icmp_code  = egress.value.protocol == "icmp" ? 4 : null
    }
  }

  tags = { Name = "${var.environment.name}-private" }
}

# AWS's own default, which lets everything through, is cut down to what the public subnets need.
resource "aws_default_network_acl" "public" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id

  dynamic "ingress" {
    for_each = local.public_ingress

    content {
      rule_no    = ingress.value.number
      action     = "allow"
      protocol   = ingress.value.protocol
      cidr_block = ingress.value.cidr
      from_port  = ingress.value.from
      to_port    = ingress.value.to
      icmp_type  = ingress.value.protocol == "icmp" ? 3 : null
      icmp_code  = ingress.value.protocol == "icmp" ? 4 : null
    }
  }

  dynamic "egress" {
    for_each = local.public_egress

    content {
      rule_no    = egress.value.number
      action     = "allow"
      protocol   = egress.value.protocol
      cidr_block = egress.value.cidr
      from_port  = egress.value.from
      to_port    = egress.value.to
      icmp_type  = egress.value.protocol == "icmp" ? 3 : null
      icmp_code  = egress.value.protocol == "icmp" ? 4 : null
    }
  }

  tags = { Name = "${var.environment.name}-public" }

  lifecycle {
    ignore_changes = [subnet_ids] # whatever subnet has no other ACL is in this one
  }
}
