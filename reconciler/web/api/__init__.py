"""The HTTP API under `/api/v1`: routes, actions, freezes and the OpenAPI document.

Here: requests and answers as JSON. Authorisation is `web/auth.py`, the shape of answers `core/views/api.py`.
"""
