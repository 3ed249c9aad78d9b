"""A flat for the test that kills workers: installed in the worker only, it counts what it hears into a table."""
