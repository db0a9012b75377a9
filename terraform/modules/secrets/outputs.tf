output "arns" {
  description = "ARNs of the secrets, by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "names" {
  description = "The names that the secrets have in Secrets Manager, by the names that they are asked for with."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.name }
}
