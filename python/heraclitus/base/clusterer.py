"""Clusterers: the number of the group that an event is in."""

from __future__ import annotations

import abc
import typing

from . import estimator
from .typing import FeatureName


class Clusterer(estimator.Estimator):
    """A clustering model."""

    @property
    def _supervised(self) -> bool:
        return False

    @abc.abstractmethod
    def learn_one(self, x: dict[FeatureName, typing.Any]) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        """

    @abc.abstractmethod
    def predict_one(self, x: dict[FeatureName, typing.Any]) -> int:
        """The number of the cluster that an event is in.

        Parameters
        ----------
        x
            The features.
        """
