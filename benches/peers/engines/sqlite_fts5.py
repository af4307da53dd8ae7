"""SQLite's FTS5, contentless, in the process of the client: its trigram tokenizer, or jieba's words parted by spaces."""

import sqlite3
import time
from pathlib import Path

from corpus import WEIGHTS, Text, trigrams, words
from engines import LIMIT
from ways import InProcess


class Engine(InProcess):
    def __init__(self, folder: Path, tokens: str):
        self.path = folder / "fts5.sqlite"
        self.trigram = tokens == "trigram"
        self.setting = ("tokenize=trigram" if self.trigram else "jieba's words, unicode61") + ", OR of the terms, bm25() with weights a column, optimized"

    def version(self) -> str:
        return sqlite3.sqlite_version

    def build(self, texts: list[Text]) -> tuple[float, int]:
        self.names = [text.id for text in texts]
        form = str if self.trigram else lambda text: " ".join(words(text))
        base = sqlite3.connect(self.path)
        base.execute(f"CREATE VIRTUAL TABLE texts USING fts5(title, category, body, content='', tokenize='{'trigram' if self.trigram else 'unicode61'}')")
        began = time.monotonic()
        rows = ((number, form(text.title), form(text.category), form(text.body)) for number, text in enumerate(texts))
        base.executemany("INSERT INTO texts(rowid, title, category, body) VALUES (?, ?, ?, ?)", rows)
        base.execute("INSERT INTO texts(texts) VALUES ('optimize')")
        base.commit()
        took = time.monotonic() - began
        base.close()
        return took, self.path.stat().st_size

    def start(self) -> None:
        pass

    def connect(self):
        base = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        base.execute("PRAGMA mmap_size = 1073741824")
        rank = ", ".join(str(WEIGHTS[column]) for column in ("title", "category", "body"))
        base.execute("PRAGMA cache_size = -262144")
        sentence = f"SELECT rowid FROM texts WHERE texts MATCH ? AND rank MATCH 'bm25({rank})' ORDER BY rank LIMIT {LIMIT}"

        def ask(question: str) -> list[str]:
            terms = dict.fromkeys(trigrams(question) if self.trigram else words(question))
            if not terms:
                return []
            condition = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms if "\0" not in term)
            return [self.names[row] for (row,) in base.execute(sentence, (condition,))]

        return ask
