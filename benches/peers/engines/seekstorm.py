"""SeekStorm's server (built by cargo, feature zh) over HTTP, by its own REST interface."""

import base64
import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

from corpus import WEIGHTS, Text
from engines import LIMIT
from keepalive import Connection
from server import Server, free_port
from ways import Served

SECRET = "only for this comparison"

# Texts in one request.
BATCH = 1_000

QUOTA = {"indices_max": 10, "indices_size_max": 100_000, "documents_max": 10_000_000, "operations_max": 1_000_000_000, "rate_limit": 1_000_000}


class Engine(Served):
    setting = "UnicodeAlphanumericZH, Union of the terms over three fields with weights, Bm25f, no n-grams"

    def __init__(self, folder: Path):
        self.folder = folder
        self.binary = os.environ["SEEKSTORM_BINARY"]

    def version(self) -> str:
        lists = subprocess.run(["cargo", "install", "--list", "--root", Path(self.binary).parent.parent], capture_output=True, text=True, check=True)
        return next(line.split()[1].strip("v:") for line in lists.stdout.splitlines() if line.startswith("seekstorm_server"))

    def build(self, texts: list[Text]) -> tuple[float, int]:
        self._serve()
        master = base64.b64encode(hashlib.sha256(SECRET.encode()).digest()).decode()
        key = Connection(self.server.port, "/api/v1/apikey", f"apikey: {master}\r\n").ask(QUOTA).decode().strip('"')
        self.headers = f"apikey: {key}\r\n"
        fields = [{"field": "id", "field_type": "Text", "store": True, "index_lexical": False}]
        fields += [{"field": name, "field_type": "Text", "store": False, "index_lexical": True, "boost": weight} for name, weight in WEIGHTS.items()]
        index = {"index_name": "texts", "schema": fields, "similarity": "Bm25f", "tokenizer": "UnicodeAlphanumericZH", "ngram_indexing": 0}
        index |= {"stop_words": "None", "frequent_words": "None", "stemmer": "None"}
        Connection(self.server.port, "/api/v1/index", self.headers).ask(index)
        began = time.monotonic()
        for at in range(0, len(texts), BATCH):
            # A connection a batch: the server ends one after a while of its own.
            rows = [{"id": text.id, "title": text.title, "category": text.category, "body": text.body} for text in texts[at : at + BATCH]]
            Connection(self.server.port, "/api/v1/index/0/doc", self.headers).ask(rows)
        Connection(self.server.port, "/api/v1/index/0", self.headers, "PATCH").ask({})
        took = time.monotonic() - began
        return took, sum(path.stat().st_size for path in (self.folder / "index").rglob("*") if path.is_file())

    def _serve(self) -> None:
        port = free_port()
        arguments = [self.binary, "local_ip=127.0.0.1", f"local_port={port}", f"index_path={self.folder / 'index'}"]
        self.server = Server(arguments, self.folder, port, os.environ | {"MASTER_KEY_SECRET": SECRET})
        self.server.wait("/api/v1/live")

    def start(self) -> None:
        pass

    def connect(self):
        connection = Connection(self.server.port, "/api/v1/index/0/query", self.headers)
        asked = {"offset": 0, "length": LIMIT, "result_type": "Topk", "query_type_default": "Union", "realtime": False, "fields": ["id"]}
        return lambda question: connection.ask({"query": question, **asked})

    def ids(self, answer: bytes) -> list[str]:
        return [hit["id"] for hit in json.loads(answer)["results"]]
