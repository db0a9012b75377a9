"""The sample service of the acceptance run: it answers every request on port 8000, health checks among them."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    """Answers 200 to every GET."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok\n")


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Answer).serve_forever()
