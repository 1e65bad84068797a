"""From one stream to another."""

from __future__ import annotations

import math
import random
import typing
from collections.abc import Iterator

from .. import base
from .agrawal import Agrawal


class ConceptDriftStream(base.SyntheticDataset):
    """Two streams, of which the second takes over from the first little by little.

    Parameters
    ----------
    stream
        The first stream; `Agrawal` when left out.
    drift_stream
        The second one; `Agrawal` by another rule when left out.
    position
        The number of the event at which both are equally likely.
    width
        How long the change takes: the smaller, the more sudden.
    seed
        Fixes which stream is next.
    alpha
        The angle of the change in degrees, above 0 and at most 90; it takes the place of `width`.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> stream = synth.ConceptDriftStream(
    ...     synth.STAGGER(0, seed=1), synth.STAGGER(2, seed=1), position=5, width=2, seed=1
    ... )
    >>> [y for _, y in stream.take(10)]
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        stream: base.SyntheticDataset | None = None,
        drift_stream: base.SyntheticDataset | None = None,
        position: int = 5000,
        width: int = 1000,
        seed: int | None = None,
        alpha: float | None = None,
    ) -> None:
        stream = Agrawal(seed=seed) if stream is None else stream
        if drift_stream is None:
            drift_stream = Agrawal(seed=seed, classification_function=2)
        if stream.n_features != drift_stream.n_features:
            raise AttributeError(
                f"the streams have {stream.n_features} and {drift_stream.n_features} features"
            )
        super().__init__(
            task=stream.task,
            n_features=stream.n_features,
            n_samples=stream.n_samples,
            n_classes=stream.n_classes,
            n_outputs=stream.n_outputs,
        )
        if alpha is not None:
            if not 0 < alpha <= 90:
                raise ValueError(f"alpha is {alpha}, it must be above 0 and at most 90")
            width = max(int(1 / math.tan(math.radians(alpha))), 1)
        self.stream = stream
        self.drift_stream = drift_stream
        self.position = position
        self.width = width
        self.seed = seed
        self.alpha = alpha

    def __iter__(self) -> Iterator[typing.Any]:
        rng = random.Random(self.seed)
        old, new = iter(self.stream), iter(self.drift_stream)
        i = 0
        while True:
            i += 1
            slope = -4.0 * (i - self.position) / self.width
            # Far before the position an exponential would overflow.
            share = 0.0 if slope > 700 else 1.0 / (1.0 + math.exp(slope))
            event = next(old if rng.random() > share else new, None)
            if event is None:
                return
            yield event

    def _get_params(self) -> dict[str, typing.Any]:
        params = super()._get_params()
        # Their own pictures would fill the page.
        return {k: type(v).__name__ if "stream" in k else v for k, v in params.items()}
