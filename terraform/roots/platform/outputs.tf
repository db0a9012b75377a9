output "platform" {
  description = "What services need of the platform, as one typed value: the variable `platform` of the service root."
  value = {
    schema_version           = 1
    vpc_id                   = module.network.vpc_id
    vpc_cidr                 = module.network.vpc_cidr
    private_subnet_ids       = module.network.private_subnet_ids
    public_subnet_ids        = module.network.public_subnet_ids
    peer_cidrs               = module.network.peer_cidrs
    caller_cidrs             = module.network.caller_cidrs
    peering_connection_ids   = module.network.peering_connection_ids
    cluster                  = module.cluster.cluster
    alb                      = module.alb.alb
    service_discovery        = module.cluster.service_discovery
    kms                      = module.security.kms
    security_groups          = module.security.security_groups
    artifact_bucket          = module.storage.artifact_bucket
    alarm_topic_arn          = module.monitoring.topics.alarms
    notification_topic_arn   = module.monitoring.topics.deliveries
    permissions_boundary_arn = module.security.permissions_boundary_arn
    connection_arn           = var.delivery.connection_arn
    secret_names             = module.secrets.names
    tags                     = var.tags
  }
}
