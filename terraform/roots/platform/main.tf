# What the services of one environment share.

module "security" {
  source = "../../modules/security"

  environment              = var.environment
  vpc                      = { id = module.network.vpc_id, cidr = module.network.vpc_cidr }
  broker_security_group_id = var.kafka.broker_security_group_id
  broker_cidrs             = var.kafka.broker_cidrs
  data_resources           = var.data_resources
}

module "network" {
  source = "../../modules/network"

  environment  = var.environment
  network      = var.network
  logs_key_arn = module.security.kms.logs

  permissions_boundary_arn = module.security.permissions_boundary_arn
}

module "cluster" {
  source = "../../modules/cluster"

  environment = var.environment
  cluster     = var.cluster
  vpc_id      = module.network.vpc_id
  kms         = { ecs = module.security.kms.ecs, logs = module.security.kms.logs }
}

module "alb" {
  source = "../../modules/alb"

  environment     = var.environment
  certificate_arn = var.alb.certificate_arn
  firewall        = var.alb.firewall
  firewall_mode   = var.alb.firewall_mode
  rate_limit      = var.alb.rate_limit
  access_logs     = module.storage.access_logs
  logs_key_arn    = module.security.kms.logs
  vpc = {
    id                = module.network.vpc_id
    cidr              = module.network.vpc_cidr
    public_subnet_ids = module.network.public_subnet_ids
  }
}

module "storage" {
  source = "../../modules/storage"

  environment = var.environment
  s3_key_arn  = module.security.kms.s3
}

module "monitoring" {
  source = "../../modules/monitoring"

  environment     = var.environment
  subscribers     = var.subscribers
  cluster_name    = module.cluster.cluster.name
  alb_arn_suffix  = module.alb.alb.arn_suffix
  firewall        = var.alb.firewall
  nat_gateway_ids = module.network.nat_gateway_ids
}

module "secrets" {
  source = "../../modules/secrets"

  environment     = var.environment
  secrets         = var.secrets
  secrets_key_arn = module.security.kms.secrets
}
