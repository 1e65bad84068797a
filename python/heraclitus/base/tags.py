"""What an estimator says about its input, in words that tests and users can compare."""

from __future__ import annotations

TEXT_INPUT = "text input"
POSITIVE_INPUT = "positive input"
