"""The pure rules of norms: reading, proving, wording, laying out and writing them."""
