"""Whether two kinds of requests can be told apart by how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist


def probability_of_alike(one: Sequence[float], other: Sequence[float]) -> float:
    """The p-value of the two-sided Mann-Whitney U test, by its normal approximation (both samples over 20): how likely
    ranks as different as these are if both came from one distribution. It compares ranks, so that single slow
    requests of a busy machine weigh no more than others."""
    ordered = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    rank_sum = sum(rank for rank, (_value, group) in enumerate(ordered, start=1) if group == 0)
    size, other_size = len(one), len(other)
    expected = size * (size + other_size + 1) / 2
    deviation = sqrt(size * other_size * (size + other_size + 1) / 12)
    return 2 * (1 - NormalDist().cdf(abs(rank_sum - expected) / deviation))
