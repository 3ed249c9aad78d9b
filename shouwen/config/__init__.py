"""The roof: settings, addresses, wiring, and the ``shouwen`` command. The only place that knows every flat."""
