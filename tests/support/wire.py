"""A keep-alive connection that speaks AWS JSON, cheap enough for one driver to load the broker."""

import json
import socket


class Gone(Exception):
    """The broker went away: the outcome of the call under way is unknown."""


class Refused(Exception):
    """A complete answer other than 200."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body[:200]!r}")
        self.status = status
        self.body = body

    @property
    def type_name(self):
        try:
            return json.loads(self.body).get("__type", "").rpartition("#")[2]
        except ValueError:
            return ""


class Connection:
    """Used by one thread. The service is named by the operation's prefix: sqs or events."""

    HEADS = {"sqs": ("AmazonSQS", "application/x-amz-json-1.0"),
             "events": ("AWSEvents", "application/x-amz-json-1.1")}

    def __init__(self, host, port, timeout_s=30.0):
        self.authority = f"{host}:{port}"
        try:
            self.socket = socket.create_connection((host, port), timeout_s)
        except OSError as error:
            raise Gone(str(error)) from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.heads = {}

    def close(self):
        self.socket.close()

    def call(self, service, operation, request):
        """The answer's JSON. Raises Gone when there is none and Refused when it is not 200."""
        body = self.exchange(self.encode(service, operation, request))
        return json.loads(body) if body else {}

    def encode(self, service, operation, request):
        """The request's bytes, for exchange(): for who sends the same one many times."""
        head = self.heads.get(operation)
        if head is None:
            prefix, content_type = self.HEADS[service]
            head = (f"POST / HTTP/1.1\r\nHost: {self.authority}\r\n"
                    f"X-Amz-Target: {prefix}.{operation}\r\nContent-Type: {content_type}\r\n"
                    "Content-Length: ").encode()
            self.heads[operation] = head
        body = json.dumps(request).encode()
        return head + b"%d\r\n\r\n" % len(body) + body

    def get(self, path):
        body = self.exchange(f"GET {path} HTTP/1.1\r\nHost: {self.authority}\r\n\r\n".encode())
        return json.loads(body) if body else {}

    def exchange(self, request):
        """The bytes of the answer's body."""
        try:
            self.socket.sendall(request)
            status, body = self._read_answer()
        except OSError as error:
            raise Gone(str(error)) from error
        if status != 200:
            raise Refused(status, body)
        return body

    def _read_answer(self):
        data = self.buffer
        while True:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                break
            data += self._read_more()
        head = data[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            raise Gone("an answer without Content-Length")
        length = int(head[at + 15:].split(b"\r\n", 1)[0])
        past = end + 4 + length
        while len(data) < past:
            data += self._read_more()
        self.buffer = data[past:]
        return int(head[9:12]), data[end + 4:past]

    def _read_more(self):
        more = self.socket.recv(262144)
        if not more:
            raise Gone("closed by the broker")
        return more
