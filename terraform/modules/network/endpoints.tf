# Private ways to AWS. Gateway endpoints cost nothing; that for S3 keeps image layers off the NAT gateways.
# Without NAT, interface endpoints are what lets a Fargate task start (registry, logs, secrets, parameters) and lets a
# session into it (ssmmessages). Source: "Amazon ECS interface VPC endpoints" in the ECS guide.

locals {
  interface_services = var.network.nat == "none" ? toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages"]) : toset([])
  closed_vpc         = var.network.nat == "none" ? toset(["this"]) : toset([])
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = toset(["dynamodb", "s3"])

  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.environment.region}.${each.key}"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  tags = { Name = "${var.environment.name}-${each.key}" }
}

resource "aws_security_group" "endpoints" {
  for_each = local.closed_vpc

  name        = "${var.environment.name}-endpoints"
  description = "Interface endpoints: HTTPS from inside the VPC"
  vpc_id      = aws_vpc.this.id

  ingress = [{
    description      = "HTTPS from the VPC"
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    cidr_blocks      = [var.network.cidr]
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]
  egress = []

  tags = { Name = "${var.environment.name}-endpoints" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_services

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.environment.region}.${each.key}"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [for group in aws_security_group.endpoints : group.id]

  tags = { Name = "${var.environment.name}-${each.key}" }
}
