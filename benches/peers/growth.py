"""How Huashu grows: libraries of 1,000 to 1,000,000 entries, the same measures on each, as a Markdown table and a plot. `scripts/bench` starts it.

The entries are those of `benches/generate.rs`. Seconds of processor stand beside those of the clock: they say the same on a busy machine.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure
from corpus import SEED
from engines import LIMIT
from engines.huashu import Engine
from keepalive import Connection

ROOT = Path(__file__).parent.parent.parent

GENERATE = "cargo bench --quiet --locked --bench generate --"

QUESTIONS, EDITS, COSTED_EDITS = 2_000, 20, 10

# An edit is a failure after so long: on a busy machine one in a large library takes seconds, or a minute.
EDIT_PATIENCE_S = 600


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000", help="entries, parted by commas (1000000 takes an hour and 10 GB)")
    parser.add_argument("--minutes", type=float, default=120.0, help="sizes that would take longer than this in all are left out")
    parser.add_argument("--plot", type=Path, help="an SVG of all measures against the size")
    parser.add_argument("--json", type=Path, help="also write what was measured here, a line a size")
    parser.add_argument("--draw", type=Path, help="only print and draw what such a file holds")
    parser.add_argument("--generate", default=os.environ.get("HUASHU_GENERATE", GENERATE), help="the command that writes a library: folder and size follow")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    if chosen.draw:
        results = [json.loads(line) for line in chosen.draw.read_text(encoding="utf-8").splitlines()]
    else:
        results: list[dict] = []
        began, last = time.monotonic(), 0.0
        for size in map(int, chosen.sizes.split(",")):
            spent = time.monotonic() - began
            # Ten times the entries take about ten times as long.
            if results and spent + last * size / results[-1]["entries"] > chosen.minutes * 60:
                print(f"{size} is left out: it would take longer than --minutes {chosen.minutes:.0f}", file=sys.stderr)
                continue
            with tempfile.TemporaryDirectory(prefix=f"huashu-{size}-") as folder:
                print(f"{size} …", file=sys.stderr, flush=True)
                results.append(one_size(Path(folder), size, chosen.generate.split()))
                last = time.monotonic() - began - spent
            if chosen.json:
                with open(chosen.json, "a", encoding="utf-8") as file:
                    file.write(json.dumps(results[-1]) + "\n")
    print(table(results))
    if chosen.plot:
        plot(results, chosen.plot)


def one_size(folder: Path, size: int, generate: list[str]) -> dict:
    subprocess.run([*generate, str(folder / "kb"), str(size)], check=True, cwd=ROOT)
    questions = asked(folder / "kb")
    engine = Engine(folder)
    result = {"entries": size} | index(engine)
    # Twice: the first start opens journal and register anew.
    for _ in range(2):
        engine.start()
        first = time.monotonic()
        engine.connect()(questions[0])
        result["start_s"] = engine.extra["start_s"] + time.monotonic() - first
        result["start_cpu_s"] = engine.cpu_s()
        engine.stop()
    engine.start()
    try:
        settle(engine)
        result["start_memory"] = memory(engine, "VmRSS")
        result |= measure.latency(engine, questions, 60.0)
        result |= edits(engine, folder / "kb", size)
        result["memory"], result["peak_memory"] = memory(engine, "VmRSS"), memory(engine, "VmHWM")
    finally:
        engine.stop()
    return result


def asked(kb: Path) -> list[str]:
    """Questions that nobody wrote but whose halves stand in the library: those of its first entries, crossed."""
    texts = "".join(path.read_text(encoding="utf-8") for path in sorted((kb / "g0000").glob("*.md")))
    written = re.findall(r"^  - (.+)$", texts, re.MULTILINE)
    mix = random.Random(SEED)
    pairs = (mix.sample(written, 2) for _ in range(QUESTIONS))
    return [one[: len(one) // 2] + other[len(other) // 2 :] for one, other in pairs]


def index(engine: Engine) -> dict:
    """A whole index: seconds, seconds of processor, most memory and size."""
    began = time.monotonic()
    child = subprocess.Popen([engine.binary, "--kb", "kb", "index", "--rebuild"], cwd=engine.folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    took = time.monotonic() - began
    if status != 0:
        raise RuntimeError("the index was not built")
    size = sum(path.stat().st_size for path in (engine.folder / "index").rglob("*") if path.is_file())
    return {"index_s": took, "index_cpu_s": used.ru_utime + used.ru_stime, "index_memory": used.ru_maxrss * 1024, "index_bytes": size}


def settle(engine: Engine) -> None:
    """Waits until the service does nothing by itself any more."""
    spent = -1.0
    while engine.cpu_s() - spent > 0.02:
        spent = engine.cpu_s()
        time.sleep(1.0)


def memory(engine: Engine, name: str) -> int:
    """Bytes, as the kernel counts them."""
    status = Path(f"/proc/{engine.server.process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) * 1024


def edits(engine: Engine, kb: Path, size: int) -> dict:
    """Files changed by another program, one after the other: until a search finds what is new, and what that costs."""
    ask = engine.connect()
    times = []
    for number in range(EDITS):
        path, word = edit(kb, number * (size // EDITS), number)
        began = time.monotonic()
        while path.stem not in engine.ids(ask(word))[:1]:
            if time.monotonic() - began > EDIT_PATIENCE_S:
                raise RuntimeError("an edit does not become visible")
            time.sleep(0.005)
        times.append(time.monotonic() - began)
    times.sort()
    # What they cost, without the searches that look for them.
    settle(engine)
    spent = engine.cpu_s()
    for number in range(COSTED_EDITS):
        edit(kb, number * (size // COSTED_EDITS) + 1, number)
        settle(engine)
    spent = engine.cpu_s() - spent
    return {"edit_ms": times[EDITS // 2] * 1e3, "edit_worst_ms": times[-1] * 1e3, "edit_cpu_ms": spent * 1e3 / COSTED_EDITS}


def edit(kb: Path, entry: int, number: int) -> tuple[Path, str]:
    """Puts a word of six letters that stands nowhere else before a title; its file and the word."""
    path, word = kb / f"g{entry // 1000:04}" / f"e{entry:07}.md", f"zq{chr(97 + number)}vxj"
    path.write_text(path.read_text(encoding="utf-8").replace("title: ", f"title: {word} ", 1), encoding="utf-8")
    return path, word


# Title, key, unit, how it is written.
COLUMNS = [
    ("index s", "index_s", 1, "{:.1f}"),
    ("index CPU s", "index_cpu_s", 1, "{:.1f}"),
    ("index memory MB", "index_memory", 1e6, "{:.0f}"),
    ("index MB", "index_bytes", 1e6, "{:.1f}"),
    ("start s", "start_s", 1, "{:.2f}"),
    ("start CPU s", "start_cpu_s", 1, "{:.2f}"),
    ("memory MB", "start_memory", 1e6, "{:.0f}"),
    ("p50 ms", "p50_ms", 1, "{:.2f}"),
    ("p99 ms", "p99_ms", 1, "{:.2f}"),
    ("CPU ms a search", "cpu_ms", 1, "{:.2f}"),
    ("edit visible ms", "edit_ms", 1, "{:.0f}"),
    ("CPU ms an edit", "edit_cpu_ms", 1, "{:.0f}"),
]


def table(results: list[dict]) -> str:
    """A row a measure, a column a size."""
    lines = ["| entries | " + " | ".join(f"{result['entries']:,}" for result in results) + " |", "|---|" + "---|" * len(results)]
    for title, key, unit, form in COLUMNS:
        lines.append(f"| {title} | " + " | ".join(form.format(result[key] / unit) for result in results) + " |")
    return "\n".join(lines)


def plot(results: list[dict], path: Path) -> None:
    """Small pictures on logarithmic axes, on which a straight line of the first point's slope is what grows with the library."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "huashu", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"}
    from matplotlib import pyplot
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    pictures = [
        ("index, seconds", [("index_s", 1, "clock"), ("index_cpu_s", 1, "CPU")]),
        ("memory, MB", [("index_memory", 1e6, "indexing, most"), ("start_memory", 1e6, "serving")]),
        ("search, ms", [("p50_ms", 1, "p50"), ("p99_ms", 1, "p99"), ("cpu_ms", 1, "CPU")]),
        ("start, seconds", [("start_s", 1, "clock"), ("start_cpu_s", 1, "CPU")]),
        ("edit to visible, ms", [("edit_ms", 1, "clock"), ("edit_cpu_ms", 1, "CPU")]),
        ("index, MB", [("index_bytes", 1e6, "on disk")]),
    ]
    figure, places = pyplot.subplots(2, 3, figsize=(10, 5.6), layout="constrained")
    sizes = [result["entries"] for result in results]
    for place, (title, lines) in zip(places.flat, pictures):
        for key, unit, label in lines:
            place.loglog(sizes, [result[key] / unit for result in results], marker="o", markersize=3, label=label)
        key, unit, _ = lines[0]
        end = results[-1][key] / unit
        place.loglog(sizes, [end * size / sizes[-1] for size in sizes], color="#bbbbbb", linewidth=0.8, linestyle="--", label="in proportion")
        place.set_title(title, fontsize=9)
        for axis in (place.xaxis, place.yaxis):
            axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
            axis.set_minor_formatter(NullFormatter())
        place.set_xlabel("entries")
        place.grid(alpha=0.25)
        place.legend(fontsize=7, frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
