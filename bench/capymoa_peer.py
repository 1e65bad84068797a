"""CapyMOA's side of package.py: python capymoa_peer.py CASE -> a line of JSON.

Runs in an environment of its own (`cargo xtask setup capymoa`; Java 17 or newer), on the same
events as the other two. They are Java objects before the clock starts. The processor time is that
of all threads, Java's compiler and collector with them; the speed by the clock is said beside it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from package import MOA_CASES, events, timed


def instances(n: int) -> tuple[Any, list[Any]]:
    import numpy as np
    from capymoa.stream import NumpyStream

    data = events(n, 10)
    numbers = np.array([list(x.values()) for x, _ in data])
    classes = np.array([int(y) for _, y in data])
    stream = NumpyStream(numbers, classes, target_type="categorical")
    found = []
    while stream.has_more_instances():
        found.append(stream.next_instance())
    return stream.get_schema(), found


def model_of(case: str, schema: Any) -> Any:
    """The model with River's parameters."""
    from capymoa import classifier, drift

    if case == "hoeffding-tree":
        return classifier.HoeffdingTree(schema, grace_period=200, confidence=1e-7)
    adwin = drift.detectors.ADWIN
    if case == "arf-10":
        return classifier.AdaptiveRandomForestClassifier(
            schema, ensemble_size=10, max_features="sqrt", random_seed=42,
            drift_detection_method=adwin(delta=0.001), warning_detection_method=adwin(delta=0.01),
        )
    if case == "srp-10":
        return classifier.StreamingRandomPatches(schema, ensemble_size=10, random_seed=42)
    return classifier.LeveragingBagging(schema, ensemble_size=10, random_seed=42)


def main(case: str) -> None:
    import capymoa  # noqa: F401  (starts Java)

    schema, found = instances(MOA_CASES[case])
    model = model_of(case, schema)

    def work() -> str:
        predict, train, right = model.predict, model.train, 0
        before = time.perf_counter()
        for instance in found:
            right += predict(instance) == instance.y_index
            train(instance)
        speed = len(found) / (time.perf_counter() - before)
        return f"accuracy {right / len(found):.4f}, {speed:,.0f} events/s by the clock"

    print(json.dumps(timed(len(found), work)))


if __name__ == "__main__":
    main(sys.argv[1])
