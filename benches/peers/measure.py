"""Times of one client, the rate of several, and how often the answer is among the first three."""

import multiprocessing
import time

CLIENTS = 4

# What is asked before anything is measured: pages, caches and the JVM's compiler get warm.
WARM_QUESTIONS, WARM_S = 300, 5.0

# Of fewer questions the slowest is no p99.
LEAST_FOR_P99 = 100

# Of how many first ids one must answer the question.
FIRST = 3


def success(engine, judged: list[tuple[str, set[str]]]) -> float | None:
    """The share of judged questions with an answer among the first three, as `huashu eval` counts; None where nothing is judged."""
    if not judged:
        return None
    ask = engine.connect()
    return sum(not answers.isdisjoint(engine.ids(ask(question))[:FIRST]) for question, answers in judged) / len(judged)


def latency(engine, questions: list[str], seconds: float) -> dict:
    """p50, p99 and processor in milliseconds of one client, over all questions or as many as the seconds allow."""
    ask = engine.connect()
    began = time.monotonic()
    for question in questions[-WARM_QUESTIONS:]:
        ask(question)
        if time.monotonic() - began > WARM_S:
            break
    times: list[int] = []
    spent = engine.cpu_s()
    began = time.monotonic()
    for question in questions:
        start = time.perf_counter_ns()
        ask(question)
        times.append(time.perf_counter_ns() - start)
        if time.monotonic() - began > seconds:
            break
    spent = engine.cpu_s() - spent
    times.sort()
    p99 = times[len(times) * 99 // 100] / 1e6 if len(times) >= LEAST_FOR_P99 else None
    return {"cpu_ms": spent * 1e3 / len(times), "p50_ms": times[len(times) // 2] / 1e6, "p99_ms": p99, "asked": len(times)}


def rate(engine, questions: list[str], seconds: float) -> float:
    """Answers a second to CLIENTS clients, each a process with a connection of its own, asking one question after the other."""
    fork = multiprocessing.get_context("fork")
    ready, counts = fork.Barrier(CLIENTS), fork.Queue()
    clients = [fork.Process(target=_client, args=(engine, questions[number::CLIENTS], seconds, ready, counts)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if any(client.exitcode for client in clients):
        raise RuntimeError("a client failed")
    return sum(counts.get() for _ in clients)


def _client(engine, questions: list[str], seconds: float, ready, counts) -> None:
    ask = engine.connect()
    ask(questions[0])
    ready.wait()
    began, count = time.monotonic(), 0
    while (spent := time.monotonic() - began) < seconds:
        ask(questions[count % len(questions)])
        count += 1
    counts.put(count / spent)
