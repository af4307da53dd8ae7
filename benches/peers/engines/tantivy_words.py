"""tantivy by its Python binding, in the process of the client, on jieba's words."""

import time
from importlib.metadata import version
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from corpus import WEIGHTS, Text, words
from engines import LIMIT
from ways import InProcess

# Enough that the 300,000 texts need few segments.
HEAP_BYTES = 512 << 20


class Engine(InProcess):
    setting = "jieba's words, OR of the terms over three fields with weights, BM25, one segment"

    def __init__(self, folder: Path):
        self.path = folder / "tantivy"

    def version(self) -> str:
        return version("tantivy")

    def build(self, texts: list[Text]) -> tuple[float, int]:
        self.path.mkdir()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name in WEIGHTS:
            builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
        index = tantivy.Index(builder.build(), str(self.path))
        began = time.monotonic()
        writer = index.writer(HEAP_BYTES, 1)
        for text in texts:
            fields = {name: [" ".join(words(getattr(text, name)))] for name in WEIGHTS}
            writer.add_document(tantivy.Document(id=[text.id], **fields))
        writer.commit()
        writer.wait_merging_threads()
        took = time.monotonic() - began
        return took, sum(path.stat().st_size for path in self.path.iterdir())

    def start(self) -> None:
        pass

    def connect(self):
        index = tantivy.Index.open(str(self.path))
        searcher, schema = index.searcher(), index.schema

        def ask(question: str) -> list[str]:
            parts = [
                (Occur.Should, Query.boost_query(Query.term_query(schema, name, word, "freq"), weight))
                for word in dict.fromkeys(words(question))
                for name, weight in WEIGHTS.items()
            ]
            if not parts:
                return []
            hits = searcher.search(Query.boolean_query(parts), LIMIT, count=False).hits
            return [searcher.doc(address)["id"][0] for _, address in hits]

        return ask
