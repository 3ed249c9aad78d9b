"""One module a workload; each has ``workload()``, which returns a fresh one."""
