"""The plugin protocol as bytes: messages, the schema and its reduction, cached answers.

Functions of bytes, without sockets and processes. Calls are served in `provider/proxy.py`.
"""
