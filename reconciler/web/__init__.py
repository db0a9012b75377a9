"""HTTP: the API over TCP and a unix socket.

Here: requests, answers, authorisation and the server. What an action does is the engine's, the shape of answers
`core/views`.
"""
