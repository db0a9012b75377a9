"""Records as documents for readers: the API's answers and the drift report.

Only shapes and selection. Rendering for a terminal or a page, and transport, are elsewhere.
"""
