"""The containers of services and jobs, by subject: image, settings, order, variables and their secrets, storage.

What only a service has is not here: see `desired_state/kinds/service`.
"""
