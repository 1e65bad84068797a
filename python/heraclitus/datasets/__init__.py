"""Streams to try models on: those of `synth` are made up, without end; `base` is for your own."""

from . import base, synth

__all__ = ["base", "synth"]
