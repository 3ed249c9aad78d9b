"""What every endpoint shares, written once."""
