output "kms" {
  description = "ARNs of the keys, by purpose: ecs, ecr, secrets, logs, s3."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}

output "security_groups" {
  description = "Ids of the shared security groups: internal_services and kafka_client."
  value = {
    internal_services = aws_security_group.internal_services.id
    kafka_client      = aws_security_group.kafka_client.id
  }
}

output "permissions_boundary_arn" {
  description = "The permissions boundary that every role of the environment carries."
  value       = one([for policy in aws_iam_policy.boundary : policy.arn])
}
