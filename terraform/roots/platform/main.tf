# What the services of one environment share.

module "security" {
  source = "../../modules/security"

  environment              = var.environment
  vpc                      = { id = module.network.vpc_id, cidr = module.network.vpc_cidr }
  broker_security_group_id = var.kafka.broker_security_group_id
}

module "network" {
  source = "../../modules/network"

  environment  = var.environment
  network      = var.network
  logs_key_arn = module.security.kms.logs
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
  vpc = {
    id                = module.network.vpc_id
    cidr              = module.network.vpc_cidr
    public_subnet_ids = module.network.public_subnet_ids
  }
}
