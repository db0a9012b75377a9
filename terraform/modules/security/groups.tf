# Groups that services carry as badges. Rules are inline and complete: a rule added by hand is drift and goes away.

locals {
  kafka_ports = {
    9092 = "Kafka without TLS"
    9094 = "Kafka with TLS"
    9096 = "Kafka with SASL/SCRAM"
    9098 = "Kafka with IAM"
  }
  broker_groups = var.broker_security_group_id == null ? [] : [var.broker_security_group_id]
  broker_cidrs  = length(var.broker_cidrs) > 0 || var.broker_security_group_id != null ? var.broker_cidrs : [var.vpc.cidr]
}

resource "aws_security_group" "internal_services" {
  #checkov:skip=CKV2_AWS_5:A badge for services, which other states attach
  name        = "${var.environment.name}-internal-services"
  description = "Badge of services that may call internal services; it opens nothing itself"
  vpc_id      = var.vpc.id

  ingress = []
  egress  = []

  tags = { Name = "${var.environment.name}-internal-services" }
}

resource "aws_security_group" "kafka_client" {
  #checkov:skip=CKV2_AWS_5:A badge for services, which other states attach
  name        = "${var.environment.name}-kafka-client"
  description = "Badge of services that talk to Kafka: out to the brokers"
  vpc_id      = var.vpc.id

  ingress = []
  egress = [for port, purpose in local.kafka_ports : {
    description      = purpose
    from_port        = tonumber(port)
    to_port          = tonumber(port)
    protocol         = "tcp"
    cidr_blocks      = local.broker_cidrs
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = local.broker_groups
    self             = false
  }]

  tags = { Name = "${var.environment.name}-kafka-client" }
}
