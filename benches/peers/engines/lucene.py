"""Lucene behind a small HTTP server of ours (lucene/Server.java), with its own analyzers for Chinese: SmartCN's words, or CJK's bigrams."""

import json
import subprocess
import time
from pathlib import Path

from corpus import Text
from engines import LIMIT
from keepalive import Connection
from server import Server, free_port
from ways import Served

SOURCE = Path(__file__).parent.parent / "lucene" / "Server.java"
JARS = ["core", "analyzers-common", "analyzers-smartcn"]


class Engine(Served):

    def __init__(self, folder: Path, analyzer: str):
        self.folder, self.analyzer = folder, analyzer
        self.jars = [max(Path("/usr/share/java").glob(f"lucene-{jar}-[0-9]*.jar")) for jar in JARS]
        self.path = ":".join(map(str, [folder, *self.jars]))
        name = {"smartcn": "SmartChineseAnalyzer", "cjk": "CJKAnalyzer"}[analyzer]
        self.setting = f"{name}, OR of the terms over three fields with weights, BM25, one segment"

    def version(self) -> str:
        return self.jars[0].stem.rsplit("-", 1)[1]

    def build(self, texts: list[Text]) -> tuple[float, int]:
        subprocess.run(["javac", "-nowarn", "-cp", self.path, "-d", str(self.folder), str(SOURCE)], check=True, capture_output=True)
        table = self.folder / "texts.tsv"
        with open(table, "w", encoding="utf-8", newline="\n") as file:
            for text in texts:
                file.write("\t".join(" ".join(part.split()) for part in (text.id, text.title, text.category, text.body)) + "\n")
        began = time.monotonic()
        subprocess.run(["java", "-cp", self.path, "Server", "build", self.analyzer, "lucene", table.name], cwd=self.folder, check=True, capture_output=True)
        took = time.monotonic() - began
        table.unlink()
        return took, sum(path.stat().st_size for path in (self.folder / "lucene").iterdir())

    def start(self) -> None:
        port = free_port()
        self.server = Server(["java", "-cp", self.path, "Server", "serve", self.analyzer, "lucene", str(port)], self.folder, port)
        self.server.wait()

    def connect(self):
        connection = Connection(self.server.port, "/search")
        return lambda question: connection.ask({"q": question, "limit": LIMIT})

    def ids(self, answer: bytes) -> list[str]:
        return json.loads(answer)
