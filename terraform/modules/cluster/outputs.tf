output "cluster" {
  description = "Name and ARN of the cluster, and whether its services may use Fargate Spot."
  value = {
    name = aws_ecs_cluster.this.name
    arn  = aws_ecs_cluster.this.arn
    spot = var.cluster.spot
  }

  # A service with a capacity provider strategy fails before the providers are attached.
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

output "service_discovery" {
  description = "Id and name of the private DNS namespace."
  value = {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    namespace_name = aws_service_discovery_private_dns_namespace.this.name
  }
}
