"""How fast the engine is, beside what people write by hand: `python -m benchmarks`."""
