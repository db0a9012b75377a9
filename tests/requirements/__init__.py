"""The requirements of the Terraform code and where each is met and proven; `docs/requirements.md` comes from here."""
