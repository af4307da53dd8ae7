"""Huashu against its peers: every engine on both corpora, one after the other, and the tables as Markdown. `scripts/bench` starts it.

Each engine runs in a process of its own; one that fails is named below the table with its last words, and the others go on.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from run import ENGINES

HERE = Path(__file__).parent

# Seconds for the one client and for the four, a corpus and engine.
FULL, QUICK = (60.0, 15.0), (10.0, 4.0)

# No engine may hold up the others for ever.
MOST_S = 3600

TITLES = {"help": "The help centre", "texts": "Many short texts"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="folder with speed/ and jd-help/")
    parser.add_argument("--quick", action="store_true", help=f"ask for {QUICK[0]:.0f} and {QUICK[1]:.0f} seconds rather than {FULL[0]:.0f} and {FULL[1]:.0f}")
    parser.add_argument("--texts", type=int, default=0, help="at most so many of the many texts (default: all)")
    parser.add_argument("--only", default=",".join(ENGINES), help="engines, parted by commas")
    parser.add_argument("--corpora", default="help,texts", help="help, texts or both")
    parser.add_argument("--draw", type=Path, help="only print the tables of what such a file as --json writes holds")
    parser.add_argument("--json", type=Path, help="also write what was measured here, a line an engine")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    if chosen.draw:
        drawn = [json.loads(line) for line in chosen.draw.read_text(encoding="utf-8").splitlines()]
        for corpus in TITLES:
            print(table(corpus, sorted((row for row in drawn if row["corpus"] == corpus), key=lambda row: list(ENGINES).index(row["engine"]))))
        return
    ask_s, rate_s = QUICK if chosen.quick else FULL
    failed = []
    with tempfile.TemporaryDirectory(prefix="huashu-peers-") as work:
        os.chmod(work, 0o755)
        for corpus in chosen.corpora.split(","):
            results = []
            for engine in chosen.only.split(","):
                command = [sys.executable, "run.py", engine, corpus, str(chosen.data.resolve()), str(chosen.texts), work, str(ask_s), str(rate_s)]
                print(f"{corpus}: {engine} …", end="", file=sys.stderr, flush=True)
                try:
                    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=MOST_S, check=True)
                except subprocess.SubprocessError as error:
                    last = str(getattr(error, "stderr", None) or error).strip().splitlines()[-1]
                    failed.append(f"{ENGINES[engine][2]} on {corpus}: {last}")
                    print(f" failed: {last}", file=sys.stderr)
                    continue
                results.append(json.loads(done.stdout.splitlines()[-1]))
                print(f" {results[-1]['took_s']:.0f} s", file=sys.stderr)
                if chosen.json:
                    with open(chosen.json, "a", encoding="utf-8") as file:
                        file.write(done.stdout.splitlines()[-1] + "\n")
            print(table(corpus, results), flush=True)
    if failed:
        print("Not measured: " + "; ".join(failed) + ".")
        sys.exit(1)


def table(corpus: str, results: list[dict]) -> str:
    """The results as a Markdown table, the best of each column in bold, and what was chosen for each engine."""
    if not results:
        return ""
    columns = [
        ("index s", "index_s", "{:.1f}", min, 1),
        ("MB", "index_bytes", "{:.1f}", min, 1e6),
        ("p50 ms", "p50_ms", "{:.2f}", min, 1),
        ("p99 ms", "p99_ms", "{:.2f}", min, 1),
        ("CPU ms a request", "cpu_ms", "{:.2f}", min, 1),
        ("requests/s", "rate", "{:,.0f}", max, 1),
        ("success@3", "success", "{:.3f}", max, 1),
    ]
    columns = [column for column in columns if any(result[column[1]] is not None for result in results)]
    lines = [f"### {TITLES[corpus]}: {results[0]['texts']:,} texts", ""]
    lines.append("| engine | " + " | ".join(title for title, *_ in columns) + " | asked |")
    lines.append("|---|" + "---|" * len(columns) + "---|")
    for result in results:
        cells = []
        for _, key, form, best, unit in columns:
            if result[key] is None:
                cells.append("–")
                continue
            cell = form.format(result[key] / unit)
            cells.append(f"**{cell}**" if result[key] == best(other[key] for other in results if other[key] is not None) else cell)
        lines.append(f"| {result['label']} | " + " | ".join(cells) + f" | {result['wire'].split(',')[0]} |")
    lines.append("")
    lines += [f"- {result['label'].strip('*')} {result['version']} ({result['wire']}): {result['setting']}." + _more(result) for result in results]
    return "\n".join(lines) + "\n"


def _more(result: dict) -> str:
    """What the product does besides: one file a text is its own form."""
    if "files" not in result:
        return ""
    return (
        f" Before it: {result['files']:,} files of {result['files_bytes'] / 1e6:.1f} MB written by `huashu import` in {result['import_s']:.1f} s;"
        f" the service was ready after {result['start_s']:.1f} s."
    )


if __name__ == "__main__":
    main()
