"""What holds as long as a `with` block lasts."""

from heraclitus.base.base import log_method_calls

__all__ = ["log_method_calls"]
