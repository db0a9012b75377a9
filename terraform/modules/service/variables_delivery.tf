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

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$", var.delivery.default_branch))
    error_message = "delivery.default_branch \"${var.delivery.default_branch}\" must be the name of a branch: at most 255 letters, digits and ._/-."
  }
  validation {
    condition     = var.delivery.build_timeout >= 5 && var.delivery.build_timeout <= 2160 && floor(var.delivery.build_timeout) == var.delivery.build_timeout
    error_message = "delivery.build_timeout ${var.delivery.build_timeout} must be 5 to 2160 whole minutes."
  }
  validation {
    condition     = contains(["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE", "BUILD_GENERAL1_XLARGE", "BUILD_GENERAL1_2XLARGE"], var.delivery.compute_type)
    error_message = "delivery.compute_type \"${var.delivery.compute_type}\" must be BUILD_GENERAL1_ followed by SMALL, MEDIUM, LARGE, XLARGE or 2XLARGE."
  }
  validation {
    # A tag can be moved to another program, as those of trivy were in March 2026 (CVE-2026-33634).
    condition     = can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@sha256:[0-9a-f]{64}$", var.delivery.scanner_image))
    error_message = "delivery.scanner_image \"${var.delivery.scanner_image}\" must be registry/repository with a digest, @sha256:…, with or without a tag before it."
  }
  validation {
    condition     = var.delivery.runtime_version == null || can(regex("^[0-9]{1,2}(\\.[0-9]{1,2})?$", var.delivery.runtime_version))
    error_message = "delivery.runtime_version \"${var.delivery.runtime_version == null ? "" : var.delivery.runtime_version}\" must be a version such as 22 or 3.13."
  }
  validation {
    condition     = length(var.delivery.branches) <= 8 && alltrue([for branch in var.delivery.branches : can(regex("^[A-Za-z0-9*][A-Za-z0-9*._/-]{0,254}$", branch))])
    error_message = "delivery.branches ${jsonencode(var.delivery.branches)} must be at most 8 patterns of letters, digits and *._/-."
  }
  validation {
    condition     = alltrue([for path in [var.delivery.dockerfile, var.delivery.context] : path == null || can(regex("^[A-Za-z0-9._-][A-Za-z0-9._/-]{0,254}$", path)) && !contains(split("/", coalesce(path, "-")), "..")])
    error_message = "delivery.dockerfile \"${coalesce(var.delivery.dockerfile, "-")}\" and delivery.context \"${coalesce(var.delivery.context, "-")}\" must be paths inside of the repository."
  }
  validation {
    condition     = var.delivery.target == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.delivery.target))
    error_message = "delivery.target \"${coalesce(var.delivery.target, "-")}\" must be the name of a stage of a Dockerfile."
  }
  validation {
    # The values stand in the build project, where everybody who may look at it reads them.
    condition     = alltrue([for name, value in var.delivery.build_args : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)) && can(regex("^[ -~]*$", value)) && length(value) <= 1024 && !can(regex("(?i)(password|secret|token|api_?key|private_?key)", name))])
    error_message = "delivery.build_args ${jsonencode(keys(var.delivery.build_args))} must have names of letters, digits and _ that are no credentials, and values of one line in ASCII."
  }
}
