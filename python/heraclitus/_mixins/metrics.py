"""Additions to the metrics."""

from __future__ import annotations


class LogLoss:
    _fmt = ""


class CrossEntropy:
    _fmt = ""


class CohenKappa:
    _fmt = ".2%"
