"""River 0.26.1's own test-suite, run on our package: see docs/internals/river-suite.md."""
