"""What a contact says, from its content alone."""
