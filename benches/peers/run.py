"""One engine on one corpus, in a process of its own: builds, asks, prints one JSON object. `bench.py` starts it."""

import importlib
import json
import sys
import tempfile
import time
from pathlib import Path

import corpus
import measure

# Name → module, what its class takes besides the folder, the name in the table.
ENGINES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "huashu": ("huashu", (), "**Huashu**"),
    "seekstorm": ("seekstorm", (), "SeekStorm server"),
    "lucene-smartcn": ("lucene", ("smartcn",), "Lucene, SmartCN"),
    "lucene-cjk": ("lucene", ("cjk",), "Lucene, CJK bigrams"),
    "tantivy": ("tantivy_words", (), "tantivy-py, jieba"),
    "xapian-jieba": ("xapian_words", ("words",), "Xapian, jieba"),
    "xapian-ngram": ("xapian_words", ("ngram",), "Xapian, n-grams"),
    "fts5-jieba": ("sqlite_fts5", ("words",), "SQLite FTS5, jieba"),
    "fts5-trigram": ("sqlite_fts5", ("trigram",), "SQLite FTS5, trigrams"),
    "postgres-jieba": ("postgres", ("words",), "PostgreSQL full text, jieba"),
    "postgres-gin": ("postgres", ("gin",), "PostgreSQL pg_trgm, GIN"),
    "postgres-gist": ("postgres", ("gist",), "PostgreSQL pg_trgm, GiST"),
}


def main(name: str, corpus_name: str, data: str, limit: str, work: str, ask_s: str, rate_s: str) -> None:
    texts = corpus.load(corpus_name, Path(data), int(limit) or None)
    module, parts, label = ENGINES[name]
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=work) as folder:
        # An account of its own, such as PostgreSQL's, goes through.
        Path(folder).chmod(0o755)
        engine = importlib.import_module(f"engines.{module}").Engine(Path(folder), *parts)
        began = time.monotonic()
        index_s, index_bytes = engine.build(texts.texts)
        try:
            engine.start()
            result = {
                "engine": name,
                "label": label,
                "version": engine.version(),
                "wire": engine.wire,
                "setting": engine.setting,
                "corpus": corpus_name,
                "texts": len(texts.texts),
                "index_s": index_s,
                "index_bytes": index_bytes,
                "success": measure.success(engine, texts.judged),
                **measure.latency(engine, texts.questions, float(ask_s)),
                "rate": measure.rate(engine, texts.questions, float(rate_s)),
                "took_s": time.monotonic() - began,
                **getattr(engine, "extra", {}),
            }
        finally:
            engine.stop()
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
