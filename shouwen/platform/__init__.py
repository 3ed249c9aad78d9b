"""Floor 0, technical tables: facts, calendars, people, policies, files, search, audit. No business of electricity."""
