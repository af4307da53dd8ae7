"""PostgreSQL in a cluster of its own, over its own protocol: full text on jieba's words, or pg_trgm on the texts as they are."""

import getpass
import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

import cpu
from corpus import WEIGHTS, Text, words
from engines import LIMIT

# The account that Debian runs PostgreSQL as: the server does not run as root.
ACCOUNT = "postgres"

# What a page on tuning says for a machine of some gigabytes; the rest is as it comes.
SETTINGS = {"shared_buffers": "512MB", "work_mem": "64MB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB", "synchronous_commit": "off", "jit": "off"}

# Chinese messages share few trigrams with what answers them: the default of 0.6 finds next to nothing.
SIMILARITY = 0.2

# What a row of a GiST index of trigrams has room for: 8,191 bytes, three a trigram.
GIST_CHARS = 2_000


class Engine:
    wire = "PostgreSQL's own, prepared, Unix socket"

    def __init__(self, folder: Path, kind: str):
        self.folder, self.kind = folder, kind
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self.setting = {
            "words": "jieba's words, configuration simple, GIN, OR of the terms, ts_rank_cd with weights a field and length normalization",
            "gin": f"gin_trgm_ops, <% at {SIMILARITY}, by word_similarity()",
            "gist": f"gist_trgm_ops(siglen=64) over the first {GIST_CHARS:,} characters, more than which it does not take, nearest by <<->",
        }[kind]

    def version(self) -> str:
        return self._program("postgres", "--version").split()[2]

    def _program(self, name: str, *arguments: str) -> str:
        """Runs a program of PostgreSQL, as its account where we are root."""
        before = ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*before, str(self.bin / name), *arguments], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr[-500:]}")
        return done.stdout

    def _connection(self) -> psycopg.Connection:
        user = ACCOUNT if os.geteuid() == 0 else getpass.getuser()
        return psycopg.connect(host=str(self.cluster), user=user, dbname="postgres", autocommit=True)

    def build(self, texts: list[Text]) -> tuple[float, int]:
        self.names = [text.id for text in texts]
        self.cluster = self.folder / "cluster"
        self.cluster.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.cluster, ACCOUNT, ACCOUNT)
        self._program("initdb", "-D", str(self.cluster), "--locale=C.UTF-8", "--encoding=UTF8", "--auth=trust")
        with open(self.cluster / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in SETTINGS.items())
            file.write(f"unix_socket_directories = '{self.cluster}'\nlisten_addresses = ''\n")
        self._program("pg_ctl", "start", "-w", "-D", str(self.cluster), "-l", str(self.cluster / "log"))
        with self._connection() as base:
            began = time.monotonic()
            self._fill(base, texts)
            took = time.monotonic() - began
            return took, base.execute("SELECT pg_total_relation_size('texts')").fetchone()[0]

    def _fill(self, base: psycopg.Connection, texts: list[Text]) -> None:
        if self.kind == "words":
            base.execute("CREATE TABLE texts (id int PRIMARY KEY, words tsvector)")
            base.execute("CREATE TEMPORARY TABLE loose (id int, title text, category text, body text)")
            with base.cursor().copy("COPY loose FROM STDIN") as rows:
                for number, text in enumerate(texts):
                    rows.write_row((number, *(" ".join(words(part)) for part in (text.title, text.category, text.body))))
            base.execute(
                "INSERT INTO texts SELECT id, setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', category), 'B')"
                " || setweight(to_tsvector('simple', body), 'D') FROM loose"
            )
            base.execute("CREATE INDEX by_words ON texts USING gin (words)")
        else:
            base.execute("CREATE EXTENSION pg_trgm")
            base.execute("CREATE TABLE texts (id int PRIMARY KEY, text text)")
            with base.cursor().copy("COPY texts FROM STDIN") as rows:
                for number, text in enumerate(texts):
                    whole = " ".join(filter(None, (text.title, text.category, text.body)))
                    rows.write_row((number, whole[:GIST_CHARS] if self.kind == "gist" else whole))
            operators = "gin (text gin_trgm_ops)" if self.kind == "gin" else "gist (text gist_trgm_ops(siglen=64))"
            base.execute(f"CREATE INDEX by_trigrams ON texts USING {operators}")
        base.execute("VACUUM ANALYZE texts")

    def start(self) -> None:
        pass

    def connect(self):
        base = self._connection()
        base.prepare_threshold = 0
        base.execute(f"SET pg_trgm.word_similarity_threshold = {SIMILARITY}")
        # Weights in the order D, C, B, A.
        weights = "{%s, 0, %s, %s}" % (WEIGHTS["body"], WEIGHTS["category"], WEIGHTS["title"])
        sentence = {
            "words": f"SELECT id FROM texts, CAST(%s AS tsquery) q WHERE words @@ q ORDER BY ts_rank_cd('{weights}', words, q, 1) DESC LIMIT {LIMIT}",
            "gin": f"SELECT id FROM texts, CAST(%s AS text) q WHERE q <%% text ORDER BY word_similarity(q, text) DESC LIMIT {LIMIT}",
            "gist": f"SELECT id FROM texts ORDER BY %s <<-> text LIMIT {LIMIT}",
        }[self.kind]
        form = _any_of if self.kind == "words" else str

        def ask(question: str) -> list[str]:
            return [self.names[row] for (row,) in base.execute(sentence, (form(question),))]

        return ask

    def ids(self, answer: list[str]) -> list[str]:
        return answer

    def cpu_s(self) -> float:
        # Of those that serve connections, also when they are gone.
        master = int((self.cluster / "postmaster.pid").read_text().split()[0])
        return cpu.of_process(master, with_children=True)

    def stop(self) -> None:
        self._program("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.cluster))


def _any_of(question: str) -> str:
    """A tsquery for any of the words; an empty one finds nothing."""
    return " | ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in dict.fromkeys(words(question)))
