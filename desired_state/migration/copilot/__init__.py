"""Manifests of AWS Copilot, by the sections that they have.

Task definitions, which Copilot makes of them, belong elsewhere: `desired_state/migration/taskdefinition.py`.
"""
