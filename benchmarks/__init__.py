"""Benchmarks: each workload of ours beside a public peer and a bare floor, interleaved in one run, results checked inside it.

``python -m benchmarks list`` names them, ``python -m benchmarks run desk.loop`` runs one.
``docs/howto/measure.md`` tells the rest.
"""
