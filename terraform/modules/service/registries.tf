# Logins at the registries of images, by container. ECR asks for none: the execution role may pull.

locals {
  credentials = merge({ (local.name) = var.image.credentials }, { for sidecar in var.sidecars : sidecar.name => sidecar.credentials })
  logins      = sort(distinct(compact(values(local.credentials))))

  # By name, not by the beginning of an ARN. Source: Amazon ECS developer guide, "Using non-AWS container images in Amazon
  # ECS": the full ARN, or the name of a secret in the same region.
  login = { for container, secret in local.credentials : container => {
    for key, value in { repositoryCredentials = { credentialsParameter = secret } } : key => value if secret != null
  } }
}
