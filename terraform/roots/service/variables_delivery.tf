variable "delivery" {
  description = "How the service is built: the branch of a pipeline that starts without a commit, the minutes a build may take, CodeBuild's compute type, the image that trivy is taken from, and the version of the runtime that runs the tests; null: 22 of nodejs, 3.13 of python. Then patterns of branches whose commits are built (none: those of the tier), the Dockerfile, the build context, in which tests run too, the stage, arguments of the build, and whether it uses the layers of the image that was built last."
  type = object({
    default_branch  = optional(string, "main")
    build_timeout   = optional(number, 30)
    compute_type    = optional(string, "BUILD_GENERAL1_SMALL")
    scanner_image   = optional(string, "ghcr.io/aquasecurity/trivy:0.74.0@sha256:62b1e65e8869bc4b4c6aa4fa2b21595256c7c2f6018a9d9ad61caf87187c1969")
    runtime_version = optional(string)
    branches        = optional(list(string), [])
    dockerfile      = optional(string)
    context         = optional(string)
    target          = optional(string)
    build_args      = optional(map(string), {})
    cache           = optional(bool, true)
  })
  default  = {}
  nullable = false
}
