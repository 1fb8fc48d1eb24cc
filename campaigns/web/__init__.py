"""Floor 5, people: pages and forms. Asks operations, shows what they say, and decides nothing itself."""
