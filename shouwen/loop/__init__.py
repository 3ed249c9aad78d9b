"""Floor 2 of the business, the closed loop: messages out, work orders, contacts in, satisfaction."""
