"""The texts and questions that every engine gets, and the words that those get which cannot part Chinese themselves."""

import csv
import gzip
import random
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import rjieba

# Questions are asked in an order of their own, so that those that fit into the time are a fair sample.
SEED = 7

# The weight of a word in the title, the category and the body, where an engine takes weights: the best of those tried on one half of the judged
# messages with words and bigrams.
WEIGHTS = {"title": 1.0, "category": 0.3, "body": 0.3}


@dataclass
class Text:
    """One text to find. What a corpus has no title or category for is empty."""

    id: str
    title: str
    category: str
    body: str


@dataclass
class Corpus:
    name: str
    texts: list[Text]
    questions: list[str]
    # Judged questions: the message and the ids that answer it.
    judged: list[tuple[str, set[str]]] = field(default_factory=list)


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def words(text: str) -> list[str]:
    """jieba's words for search, without its guesses at new words: the same as Huashu's. Marks and spaces are none."""
    return [word for word in rjieba.cut_for_search(fold(text), False) if any(char.isalnum() for char in word)]


def trigrams(text: str) -> list[str]:
    """What SQLite's trigram tokenizer makes of a text."""
    text = text.lower()
    return [text[i : i + 3] for i in range(len(text) - 2)]


def load(name: str, data: Path, limit: int | None) -> Corpus:
    """`help` (a help centre with judged messages) or `texts` (many short texts), at most `limit` of them.

    Raises ValueError for any other name, OSError for a missing file.
    """
    match name:
        case "help":
            return _help_centre(data / "jd-help")
        case "texts":
            return _texts(data / "speed", limit)
    raise ValueError(f"no corpus {name}: help or texts")


def _help_centre(folder: Path) -> Corpus:
    with open(folder / "faq.csv", encoding="utf-8", newline="") as file:
        # What is out of use is served by nobody.
        rows = [row for row in csv.DictReader(file) if row["状态"] == "启用"]
    texts = [Text(row["编号"], row["问题"], row["分类"], row["答案"]) for row in rows]
    answers: dict[str, set[str]] = {}
    for line in (folder / "dev.qrels.txt").read_text(encoding="utf-8").splitlines():
        question, _, text, grade = line.split()
        if grade == "3":
            answers.setdefault(question, set()).add(text)
    questions = dict(_tsv(folder / "dev.queries.tsv"))
    judged = [(questions[question], ids) for question, ids in answers.items()]
    return Corpus("help", texts, _mixed(list(questions.values())), judged)


def _texts(folder: Path, limit: int | None) -> Corpus:
    texts = []
    with gzip.open(folder / "corpus.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            if len(texts) == limit:
                break
            text_id, title, body = line.rstrip("\n").split("\t")
            texts.append(Text(text_id, title, "", body))
    return Corpus("texts", texts, _mixed([question for _, question in _tsv(folder / "queries.tsv")]))


def _tsv(path: Path) -> list[list[str]]:
    return [line.split("\t")[:2] for line in path.read_text(encoding="utf-8").splitlines() if line]


def _mixed(questions: list[str]) -> list[str]:
    random.Random(SEED).shuffle(questions)
    return questions
