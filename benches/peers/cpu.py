"""Seconds of processor that processes have spent, from /proc: unlike the clock it says the same on a busy machine."""

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def of_process(number: int, with_children: bool = False) -> float:
    """Of one process, or of it and its children, those that have ended too."""
    # Behind the name, which may hold anything, stand state, parent, …; 14 to 17 of the whole line are the times.
    fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    if not with_children:
        return own / TICKS_PER_S
    tasks = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="utf-8").split()
    return (own + ended) / TICKS_PER_S + sum(of_process(int(child), with_children=True) for child in tasks)
