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
}
