"""What was measured, beside the least that it could take, and whether the goal is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("what", "p50", "p95", "beside", "its p50", "ratio", "goal", "")


@dataclass(frozen=True)
class Line:
    """The goals: p50 is at most so many times the limit, and p95 at most so many units."""

    what: str
    values: Sequence[float]
    unit: str = "ms"
    beside: str = ""
    limit: float = 0.0
    most_times: float = 0.0
    most: float = 0.0

    @property
    def p50(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        return sorted(self.values)[min(len(self.values) - 1, int(len(self.values) * 0.95))]

    @property
    def ratio(self) -> float:
        return self.p50 / self.limit if self.limit else 0.0

    @property
    def is_met(self) -> bool:
        return (not self.most_times or self.ratio <= self.most_times) and (not self.most or self.p95 <= self.most)

    def cells(self) -> tuple[str, ...]:
        goals = [f"≤ {self.most_times:g} ×"] if self.most_times else []
        goals += [f"p95 ≤ {self.most:g} {self.unit}"] if self.most else []
        return (
            self.what,
            f"{_number(self.p50)} {self.unit}",
            f"{_number(self.p95)} {self.unit}" if len(self.values) > 1 else "",
            self.beside,
            f"{_number(self.limit)} {self.unit}" if self.limit else "",
            f"{self.ratio:.2f}" if self.limit else "",
            ", ".join(goals),
            ("met" if self.is_met else "**missed**") if goals else "",
        )


def markdown(lines: Sequence[Line]) -> str:
    rows = [HEAD, tuple("---" for _name in HEAD), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
