"""The ground: time, money, energy, periods, text and errors in plain Python. Nothing here knows Django or the business's tables."""
