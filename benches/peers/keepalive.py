"""An HTTP/1.1 client that does as little as can be: one connection, kept open, the body read whole and handed out as bytes.

Clients of every server in the comparison are this one, so that what Python adds is the same for all, and small (some 30 µs).
"""

import json
import socket


class Connection:
    def __init__(self, port: int, path: str, headers: str = "", method: str = "POST"):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/json\r\n{headers}content-length: "

    def ask(self, body) -> bytes:
        """The body of the answer. Raises RuntimeError for any status but 200."""
        content = json.dumps(body, ensure_ascii=False).encode()
        self.socket.sendall(self.head.encode() + str(len(content)).encode() + b"\r\n\r\n" + content)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._some()
        head, answer = received[:end].lower(), received[end + 4 :]
        if b"content-length:" in head:
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            while len(answer) < length:
                answer += self._some()
        else:
            while not answer.endswith(b"0\r\n\r\n"):
                answer += self._some()
            answer = _joined(answer)
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{head[:60]!r} {answer[:300]!r}")
        return answer

    def _some(self) -> bytes:
        some = self.socket.recv(1 << 18)
        if not some:
            raise RuntimeError("the server closed the connection")
        return some


def _joined(chunks: bytes) -> bytes:
    """The content of a chunked body."""
    content = b""
    while True:
        size, rest = chunks.split(b"\r\n", 1)
        length = int(size, 16)
        if length == 0:
            return content
        content += rest[:length]
        chunks = rest[length + 2 :]
