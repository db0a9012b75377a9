variable "delivery" {
  description = "How the service is built: the branch that a pipeline started by hand takes, the minutes a build may take, CodeBuild's compute type, and the image that trivy is taken from."
  type = object({
    default_branch = optional(string, "main")
    build_timeout  = optional(number, 30)
    compute_type   = optional(string, "BUILD_GENERAL1_SMALL")
    scanner_image  = optional(string, "public.ecr.aws/aquasecurity/trivy:0.65.0")
  })
  default  = {}
  nullable = false
}
