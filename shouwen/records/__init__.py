"""Floor 2, what we know: customers, the network, the handbook of norms, knowledge."""
