"""Xapian by Debian's Python binding, in the process of the client: its own n-grams of Chinese, or jieba's words."""

import time
from pathlib import Path

import xapian

from corpus import WEIGHTS, Text, words
from engines import LIMIT
from ways import InProcess

# Weights of fields are frequencies here: the least of them counts once.
TIMES = {name: round(weight / min(WEIGHTS.values())) for name, weight in WEIGHTS.items()}


class Engine(InProcess):
    def __init__(self, folder: Path, tokens: str):
        self.path = str(folder / "xapian")
        self.ngrams = tokens == "ngram"
        self.setting = ("FLAG_CJK_NGRAM" if self.ngrams else "jieba's words") + ", OR of the terms, BM25, a word of the title counts three times, compacted"

    def version(self) -> str:
        return xapian.version_string()

    def _document(self, fields: dict[str, str]) -> xapian.Document:
        document = xapian.Document()
        if self.ngrams:
            generator = xapian.TermGenerator()
            generator.set_flags(xapian.TermGenerator.FLAG_CJK_NGRAM)
            generator.set_document(document)
            for name, text in fields.items():
                generator.index_text_without_positions(text, TIMES[name])
        else:
            for name, text in fields.items():
                for word in words(text):
                    # Xapian's longest term is 245 bytes.
                    document.add_term(word.encode()[:240], TIMES[name])
        return document

    def build(self, texts: list[Text]) -> tuple[float, int]:
        self.names = [text.id for text in texts]
        loose = self.path + ".loose"
        base = xapian.WritableDatabase(loose, xapian.DB_CREATE_OR_OVERWRITE)
        began = time.monotonic()
        for text in texts:
            base.add_document(self._document({"title": text.title, "category": text.category, "body": text.body}))
        base.commit()
        base.compact(self.path)
        took = time.monotonic() - began
        base.close()
        return took, sum(path.stat().st_size for path in Path(self.path).iterdir())

    def start(self) -> None:
        pass

    def connect(self):
        enquire = xapian.Enquire(xapian.Database(self.path))

        def ask(question: str) -> list[str]:
            # Kept by name: the binding's iterators outlive what they walk through.
            document = self._document({"body": question})
            terms = [term.term for term in document.termlist()]
            if not terms:
                return []
            enquire.set_query(xapian.Query(xapian.Query.OP_OR, terms))
            found = enquire.get_mset(0, LIMIT)
            return [self.names[match.docid - 1] for match in found]

        return ask
