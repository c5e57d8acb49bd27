"""Programs that people run, timed beside what they would pick instead: `python -m benchmarks.speed`."""
