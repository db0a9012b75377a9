# Ways out and Service Connect, beside what every service has.

locals {
  further_egress = [for way in var.network.egress : merge(local.empty_rule, {
    description     = "Of the manifest: ${coalesce(way.cidr, way.group)} ${way.protocol} ${way.from}-${way.to}"
    from_port       = way.from
    to_port         = way.to
    protocol        = way.protocol
    cidr_blocks     = way.cidr == null ? [] : [way.cidr]
    security_groups = way.group == null ? [] : [way.group]
  })]

  # Callers by Service Connect are tasks of the environment, which all wear its group. An internal service lets them in
  # in any case.
  connect   = var.network.connect
  connected = try(local.connect.alias, null) != null && local.port != null
  connect_ingress = [for port in local.open_ports : merge(local.empty_rule, {
    description     = "Services of this environment, by Service Connect"
    from_port       = port
    to_port         = port
    protocol        = "tcp"
    security_groups = [var.platform.security_groups.internal_services]
  }) if local.connected && local.public]

  # The name of a port in the task definition; without a protocol Service Connect forwards TCP.
  named_port = local.connected ? merge(
    { name = local.name },
    { for key, protocol in { appProtocol = local.connect.protocol } : key => protocol if protocol != null && protocol != "tcp" },
  ) : {}
  namespace_arn = "${local.arn_prefix}:servicediscovery:${local.region}:${local.account}:namespace/${var.platform.service_discovery.namespace_id}"
}
