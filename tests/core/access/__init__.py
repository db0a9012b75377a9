"""Rules of access: roles, people and their claims."""
