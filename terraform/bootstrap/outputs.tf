output "bucket" {
  description = "The bucket that keeps the states."
  value       = aws_s3_bucket.state.id
}

output "lock_table" {
  description = "The table that locks the states."
  value       = aws_dynamodb_table.lock.name
}

output "kms_key_arn" {
  description = "The key that encrypts states and locks."
  value       = aws_kms_key.state.arn
}
