"""A server as a child process: started on a free port, waited for, ended with its engine."""

import socket
import subprocess
import time
from pathlib import Path

# Loading some hundred thousand entries on a busy machine.
PATIENCE_S = 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, command: list[str], folder: Path, port: int, environment: dict | None = None):
        self.port = port
        self.log = open(folder / "server.log", "wb")
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def wait(self, path: str = "/") -> float:
        """Seconds until `path` is answered with 200. Raises RuntimeError where the server ends or is too slow."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: see {self.log.name}")
            if self._answers(path):
                return time.monotonic() - began
            time.sleep(0.02)
        raise RuntimeError("the server does not come up")

    def _answers(self, path: str) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
                line.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost:{self.port}\r\nconnection: close\r\n\r\n".encode())
                return b" 200" in line.recv(64)
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
