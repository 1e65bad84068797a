"""What two divisions would say about each other by chance."""

from __future__ import annotations

import math
import typing


def expected_mutual_info(confusion_matrix: typing.Any) -> float:
    """The mean mutual information, in nats, of all divisions with groups of these sizes.

    Each pair of groups of `a` and `b` out of `n` events shares `k` events with the probability of
    the hypergeometric distribution, and adds `k/n · ln(n·k / (a·b))` then.

    Parameters
    ----------
    confusion_matrix
        Holds the sizes of the groups.

    """
    n = int(confusion_matrix.n_samples)
    rows = [int(w) for w in confusion_matrix.sum_row.values() if w]
    columns = [int(w) for w in confusion_matrix.sum_col.values() if w]
    if len(rows) <= 1 or len(columns) <= 1:
        return 0.0
    factorials = [math.lgamma(k + 1) for k in range(n + 1)]
    total = 0.0
    for a in rows:
        for b in columns:
            common = factorials[a] + factorials[b] + factorials[n - a] + factorials[n - b]
            common -= factorials[n]
            for k in range(max(1, a + b - n), min(a, b) + 1):
                chance = common - factorials[k] - factorials[a - k] - factorials[b - k]
                chance -= factorials[n - a - b + k]
                total += k / n * math.log(n * k / (a * b)) * math.exp(chance)
    return total
