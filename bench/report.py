"""results/bench.md: every side's figures in a column, and ratios beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import methodcaller

from bench import machine
from bench.parsing import Answers
from bench.sides import PROCESSES, Side
from bench.talk import Timed


@dataclass
class Measured:
    """A side with all that is measured of it. Memory is MiB of all its Rasa processes."""

    side: Side
    crowds: dict[int, Timed]
    long: dict[int, Timed] = field(default_factory=dict)
    loaded: float = 0.0
    worked: float = 0.0
    parsed: Answers | None = None


Reading = Callable[[Measured], float | None]


def table(measured: Sequence[Measured], note: str) -> Iterator[str]:
    """The report's lines: the first side is ours, and every other is set in relation to it."""
    ours, others = measured[0], measured[1:]
    yield "# What the assistant costs\n"
    yield f"{note} {machine.description()}.\n"
    heads = [each.side.label for each in measured] + [f"ratio to {each.side.label}" for each in others]
    yield f"| | {' | '.join(heads)} |"
    yield f"|---|{'---:|' * len(heads)}"
    for name, digits, read in readings(measured):
        figures = [read(each) for each in measured]
        mine = figures[0]
        ratios = [mine / other if mine is not None and other else None for other in figures[1:]]
        shown = [_figure(figure, digits) for figure in figures] + [_figure(ratio, 2) for ratio in ratios]
        yield f"| {name} | {' | '.join(shown)} |"
    if others:
        yield f"\nRatios are {ours.side.label} / the other."


def readings(measured: Sequence[Measured]) -> Iterator[tuple[str, int, Reading]]:
    """Each row's name, digits after the point, and how to read it."""
    for at_once in measured[0].crowds:
        crowd = f"{at_once} at once"
        yield f"{crowd}: messages a second", 1, partial(_crowd, at_once, lambda timed: timed.rate)
        yield f"{crowd}: p50, ms", 0, partial(_crowd, at_once, lambda timed: timed.percentile(50))
        yield f"{crowd}: p95, ms", 0, partial(_crowd, at_once, lambda timed: timed.percentile(95))
        for process in PROCESSES:
            name = f"{crowd}: CPU a message, {process}, ms"
            yield name, 1, partial(_crowd, at_once, methodcaller("cpu_of_one", process))
        yield f"{crowd}: CPU a message, all, ms", 1, partial(_crowd, at_once, lambda timed: timed.cpu_in_all())
    places = list(measured[0].long)
    for place in places:
        yield f"message {place} of one conversation, ms", 0, partial(_long, place, None, _milliseconds)
        yield f"message {place} of one conversation: CPU, all, ms", 0, partial(_long, place, None, Timed.cpu_in_all)
    for place in places[1:]:
        first = places[0]
        yield f"message {place} / message {first}: time", 2, partial(_long, place, first, _milliseconds)
        yield f"message {place} / message {first}: CPU", 2, partial(_long, place, first, Timed.cpu_in_all)
    yield "one parse in process, median, ms", 2, lambda each: each.parsed.milliseconds if each.parsed else None
    yield "memory of Rasa once loaded, MiB", 0, lambda each: each.loaded
    yield "memory of Rasa after the rounds, MiB", 0, lambda each: each.worked
    yield "training, s", 0, lambda each: each.side.trained.seconds
    yield "memory while training, MiB", 0, lambda each: each.side.trained.peak


def _crowd(at_once: int, read: Callable[[Timed], float], measured: Measured) -> float:
    return read(measured.crowds[at_once])


def _long(place: int, beside: int | None, read: Callable[[Timed], float], measured: Measured) -> float | None:
    """A figure of the long conversation, or its ratio to that of another place."""
    timed = measured.long.get(place)
    if timed is None:
        return None
    return read(timed) if beside is None else _ratio(read(timed), read(measured.long[beside]))


def _milliseconds(timed: Timed) -> float:
    return 1000 * timed.wall / len(timed.answers)


def _ratio(figure: float | None, other: float | None) -> float | None:
    return figure / other if figure is not None and other else None


def _figure(figure: float | None, digits: int) -> str:
    return "–" if figure is None else f"{figure:.{digits}f}"
