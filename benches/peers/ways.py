"""What engines share: those in the process of the client, and those that are a server of their own."""

import time

import cpu


class InProcess:
    wire = "in process"

    def ids(self, answer: list[str]) -> list[str]:
        return answer

    def cpu_s(self) -> float:
        return time.process_time()

    def stop(self) -> None:
        pass


class Served:
    wire = "HTTP"

    def cpu_s(self) -> float:
        return cpu.of_process(self.server.process.pid)

    def stop(self) -> None:
        self.server.stop()
