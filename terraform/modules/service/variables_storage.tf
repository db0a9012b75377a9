variable "storage" {
  description = "Volumes of a task (empty ones, or directories of EFS), the paths at which containers see them, and files of variables in S3. A mount or file without `container` is for the service's own. Without `access_point`, a volume of EFS gets one of its own, which opens `root_directory`."
  type = object({
    volumes = optional(map(object({
      efs = optional(object({
        file_system    = string
        access_point   = optional(string)
        root_directory = optional(string)
        iam            = optional(bool, true)
        security_group = optional(string)
      }))
    })), {})
    mounts = optional(list(object({
      container = optional(string)
      path      = string
      volume    = string
      read_only = optional(bool, false)
    })), [])
    env_files = optional(list(object({
      container = optional(string)
      arn       = string
    })), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.storage.volumes) : can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", name)) && !startswith("${name}-", "tmp-")])
    error_message = "storage.volumes ${jsonencode(keys(var.storage.volumes))} must have names of lower-case letters, digits and single hyphens between them that do not begin with tmp."
  }
  validation {
    condition     = alltrue([for efs in values(var.storage.volumes)[*].efs : try(can(regex("^fs-[0-9a-f]{8,40}$", efs.file_system)) && (efs.access_point == null || can(regex("^fsap-[0-9a-f]{8,40}$", efs.access_point))), efs == null)])
    error_message = "storage.volumes ${jsonencode(values(var.storage.volumes)[*].efs)} must name file systems (fs-…) and access points (fsap-…) by their ids."
  }
  validation {
    condition     = alltrue([for efs in values(var.storage.volumes)[*].efs : try(efs.root_directory, null) == null || try(efs.access_point == null && can(regex("^(/[A-Za-z0-9._@+-]+){1,4}$", efs.root_directory)), false)])
    error_message = "storage.volumes ${jsonencode(values(var.storage.volumes)[*].efs)} must have a root_directory of at most four levels, and none beside an access_point."
  }
  validation {
    condition     = alltrue([for mount in var.storage.mounts : can(regex("^(/[A-Za-z0-9._@+-]+)+$", mount.path)) && !contains(["/tmp", "/var/tmp"], mount.path) && !can(regex("^/(proc|sys|dev)(/|$)|/\\.\\.?(/|$)", mount.path))])
    error_message = "storage.mounts ${jsonencode(var.storage.mounts[*].path)} must be paths of the container's own, and not /tmp or /var/tmp."
  }
  validation {
    condition     = alltrue([for mount in var.storage.mounts : contains(keys(var.storage.volumes), mount.volume)])
    error_message = "storage.mounts ${jsonencode(var.storage.mounts[*].volume)} must name volumes among ${jsonencode(keys(var.storage.volumes))}."
  }
  validation {
    condition     = alltrue([for one in concat(var.storage.mounts[*].container, var.storage.env_files[*].container) : one == null || contains(var.sidecars[*].name, coalesce(one, "-"))])
    error_message = "storage has mounts or env_files of ${jsonencode(compact(concat(var.storage.mounts[*].container, var.storage.env_files[*].container)))}, and the sidecars are ${jsonencode(var.sidecars[*].name)}."
  }
  validation {
    condition     = alltrue([for file in var.storage.env_files : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}/[A-Za-z0-9!_.'()/-]+\\.env$", file.arn))])
    error_message = "storage.env_files ${jsonencode(var.storage.env_files[*].arn)} must be ARNs of objects in S3 whose names end in .env."
  }
}
