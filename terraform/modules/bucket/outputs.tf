output "bucket" {
  description = "Name and ARN of the bucket."
  value = {
    name = aws_s3_bucket.this.id
    arn  = aws_s3_bucket.this.arn
  }

  # Who writes here is refused before the policy is there, and must not write before encryption is on.
  depends_on = [aws_s3_bucket_policy.this, aws_s3_bucket_server_side_encryption_configuration.this]
}
