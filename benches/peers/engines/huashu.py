"""Huashu: the texts as entries, imported from a table; the service of the release binary over HTTP."""

import csv
import json
import os
import subprocess
import time
from pathlib import Path

from corpus import Text
from engines import LIMIT
from keepalive import Connection
from server import Server, free_port
from ways import Served

# A title is one line to look at; of a text without one the beginning has to do.
MAX_TITLE_CHARS = 200

# Rows that one table may have.
MAX_ROWS = 100_000


class Engine(Served):
    setting = "as it comes: all stages of the ranking, the embedded lexicon, replies with highlights in the answer"

    def __init__(self, folder: Path):
        self.folder = folder
        self.binary = os.environ["HUASHU_BINARY"]
        self.extra: dict = {}

    def version(self) -> str:
        return self._run("--version").stdout.split()[-1]

    def build(self, texts: list[Text]) -> tuple[float, int]:
        (self.folder / "kb").mkdir()
        self.extra["import_s"] = sum(self._import(at, texts[at : at + MAX_ROWS]) for at in range(0, len(texts), MAX_ROWS))
        files = [path.stat().st_size for path in (self.folder / "kb").rglob("*.md")]
        self.extra |= {"files": len(files), "files_bytes": sum(files)}
        began = time.monotonic()
        self._run("index")
        took = time.monotonic() - began
        return took, sum(path.stat().st_size for path in (self.folder / "index").rglob("*") if path.is_file())

    def _import(self, at: int, texts: list[Text]) -> float:
        """Seconds that one table takes, into a folder of its own."""
        table = self.folder / "texts.csv"
        with open(table, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["编号", "分类", "标题", "答案"])
            for text in texts:
                rows.writerow([text.id, text.category, text.title or text.body[:MAX_TITLE_CHARS], text.body])
        began = time.monotonic()
        # One row in a million that is not taken is no reason to stop: exit code 1 says that there are some.
        self._run("import", str(table), "--into", f"kb/texts-{at}", "--json", fine=(0, 1))
        return time.monotonic() - began

    def start(self) -> None:
        port = free_port()
        began = time.monotonic()
        self.server = Server([self.binary, "--kb", "kb", "serve", "--listen", f"127.0.0.1:{port}"], self.folder, port, os.environ | {"HUASHU_LOG": "error"})
        self.server.wait("/readyz")
        self.extra["start_s"] = time.monotonic() - began

    def connect(self):
        connection = Connection(self.server.port, "/v1/search")
        return lambda question: connection.ask({"q": question, "limit": LIMIT})

    def ids(self, answer: bytes) -> list[str]:
        return [hit["id"] for hit in json.loads(answer)["hits"]]

    def _run(self, *arguments: str, fine: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess:
        done = subprocess.run([self.binary, "--kb", "kb", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode not in fine:
            raise RuntimeError(f"huashu {arguments[0]}: {done.stderr[-500:]}")
        return done
