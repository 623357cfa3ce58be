"""Stands between a service and the broker, so that a test can choose when one of them fails."""

import http.client
import http.server
import threading


class Proxy:
    """Forwards every request, unless an interference answers in its place.

    on[OPERATION] is a function of (forward, respond): forward() does the request and returns status
    and body; respond(status, body) answers it. Without an answer the connection is closed.
    """

    def __init__(self, broker_port):
        self.on = {}
        self.counts = {}
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes: without this, the second waits for the first's ACK.
            disable_nagle_algorithm = True

            def do_POST(self):
                proxy.handle(self, broker_port)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler, broker_port):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        operation = handler.headers["X-Amz-Target"].rpartition(".")[2]
        self.counts[operation] = self.counts.get(operation, 0) + 1
        answered = []

        def forward():
            connection = http.client.HTTPConnection("127.0.0.1", broker_port, timeout=30)
            headers = {name: handler.headers[name]
                       for name in ("X-Amz-Target", "Content-Type", "Authorization")}
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            answer = response.status, response.read()
            connection.close()
            return answer

        def respond(status, answer):
            answered.append(status)
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(answer)))
            handler.end_headers()
            handler.wfile.write(answer)

        interference = self.on.get(operation)
        try:
            if interference:
                interference(forward, respond)
            else:
                respond(*forward())
        except OSError:
            pass  # the service or the broker is gone
        handler.close_connection = not answered
