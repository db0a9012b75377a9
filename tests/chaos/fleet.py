"""The instances of the daemon under test: AWS resources that have their name as their identity.

Each has a root of its own, so that its Terraform can be changed alone. A resource that is made twice, or that is left
over from an earlier change, is then seen by its name. A provider that is killed between AWS's answer and its own takes
the knowledge of what it made with it, with plain Terraform as well; here the next run adopts it (`overwrite`).
"""

from dataclasses import dataclass

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
ROOT = """
terraform {
  backend "s3" {}
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0"
    }
  }
}
variable "environment" { type = any }
variable "aws" { type = any }
variable "instance" { type = string }
variable "value" { type = string }
variable "generation" { type = string }
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  max_retries                 = 3 # the provider's own 25 would outlast every fault
}
resource "aws_ssm_parameter" "kept" {
  for_each  = toset(["a", "b"])
  name      = "/${var.instance}/${each.key}"
  type      = "String"
  value     = var.value
  overwrite = true
}
resource "aws_ssm_parameter" "replaced" {
  name      = "/${var.instance}/generation-${var.generation}"
  type      = "String"
  value     = var.value
  overwrite = true
}
output "value" { value = var.value }
"""
_MANIFEST = """apiVersion: reconciler/v1
kind: Module
metadata: {{name: {name}}}
spec:
  environments: [develop]
  root: {name}
  policy: {{interval: 15s}}
  inputs: {{instance: {name}, value: "{value}", generation: "{generation}"}}
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Return the manifest of one instance."""

    name: str
    value: str
    generation: int

    @property
    def manifest(self) -> str:
        """The text of its manifest."""
        return _MANIFEST.format(name=self.name, value=self.value, generation=self.generation)

    @property
    def resources(self) -> dict[str, str]:
        """The parameters that there have to be in AWS, and in its state, with their values."""
        names = ("a", "b", f"generation-{self.generation}")
        return {f"/{self.name}/{each}": self.value for each in names}
