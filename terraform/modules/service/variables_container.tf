variable "container" {
  description = "Settings of the service's own container: command, user, limits, Linux options, paths that it may write to, its share of the task, and the containers that it starts after. What is absent is as the image says; the root file system is read-only."
  type = object({
    command            = optional(list(string))
    memory             = optional(number)
    entry_point        = optional(list(string))
    working_directory  = optional(string)
    user               = optional(string)
    open_files         = optional(object({ soft = number, hard = number }))
    labels             = optional(map(string))
    without_init       = optional(bool, false)
    capabilities       = optional(object({ add = optional(list(string), []), drop = optional(list(string), []) }))
    writable_root      = optional(bool, false)
    writable_paths     = optional(list(string), [])
    cpu                = optional(number)
    memory_reservation = optional(number)
    starts_after       = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = try(var.container.memory >= 6 && floor(var.container.memory) == var.container.memory, var.container.memory == null) && sum(concat([coalesce(var.container.memory, 0)], [for sidecar in var.sidecars : coalesce(sidecar.memory, 0)])) <= var.resources.memory
    error_message = "container.memory ${coalesce(var.container.memory, 0)} must be whole MiB, at least 6, and with the sidecars' at most resources.memory ${var.resources.memory}."
  }
  validation {
    condition     = sum(concat([coalesce(var.container.cpu, 0)], [for sidecar in var.sidecars : coalesce(sidecar.settings.cpu, 0)])) <= var.resources.cpu
    error_message = "container.cpu ${coalesce(var.container.cpu, 0)} and the sidecars' must be at most resources.cpu ${var.resources.cpu} together."
  }
  validation {
    condition     = alltrue([for path in concat(var.container.writable_paths, flatten(var.sidecars[*].settings.writable_paths)) : can(regex("^(/[A-Za-z0-9._@+-]+)+$", path)) && !contains(["/tmp", "/var/tmp"], path) && !can(regex("^/(proc|sys|dev)(/|$)|/\\.\\.?(/|$)", path))])
    error_message = "container.writable_paths ${jsonencode(var.container.writable_paths)} and the sidecars' must be paths of the container's own, without those that it can write to already."
  }
  validation {
    condition     = alltrue([for limit in concat([var.container.open_files], var.sidecars[*].settings.open_files) : try(limit.soft >= 1 && limit.soft <= limit.hard && limit.hard <= 1048576, limit == null)])
    error_message = "container.open_files ${jsonencode(var.container.open_files)} and the sidecars' must hold 1 <= soft <= hard <= 1048576."
  }
  validation {
    condition     = alltrue([for added in flatten([for each in concat([var.container], var.sidecars[*].settings) : try(each.capabilities.add, [])]) : added == "SYS_PTRACE"])
    error_message = "container.capabilities ${jsonencode(var.container.capabilities)} and the sidecars' can add SYS_PTRACE on Fargate, and no other."
  }
  validation {
    condition     = alltrue([for name in keys(var.container.starts_after) : contains(var.sidecars[*].name, name)]) && alltrue([for condition in concat(values(var.container.starts_after), flatten([for sidecar in var.sidecars : values(sidecar.settings.starts_after)])) : contains(["START", "COMPLETE", "SUCCESS", "HEALTHY"], condition)])
    error_message = "container.starts_after ${jsonencode(var.container.starts_after)} must name sidecars, each with START, COMPLETE, SUCCESS or HEALTHY, and so must the sidecars'."
  }
}

variable "task" {
  description = "Settings of the tasks: the CPU's architecture, the size of their disk (GiB, null for 20), and whether a shell may be opened in them."
  type = object({
    architecture      = optional(string, "X86_64")
    ephemeral_storage = optional(number)
    exec              = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.task.architecture)
    error_message = "task.architecture \"${var.task.architecture}\" must be X86_64 or ARM64."
  }
  validation {
    condition     = try(var.task.ephemeral_storage >= 21 && var.task.ephemeral_storage <= 200 && floor(var.task.ephemeral_storage) == var.task.ephemeral_storage, var.task.ephemeral_storage == null)
    error_message = "task.ephemeral_storage ${coalesce(var.task.ephemeral_storage, 0)} must be 21 to 200 whole GiB."
  }
  validation {
    condition     = !var.task.exec || var.container.writable_root
    error_message = "task.exec is true, but container.writable_root is false: the agent of ECS Exec writes to the root file system."
  }
}
