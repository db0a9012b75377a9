output "artifact_bucket" {
  description = "Name and ARN of the bucket for what pipelines build and cache."
  value       = module.artifacts.bucket
}

output "access_logs" {
  description = "Where the load balancer writes its access logs: name of the bucket and prefix."
  value = {
    bucket = module.logs.bucket.name
    prefix = "alb"
  }
}
