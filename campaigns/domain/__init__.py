"""Pure thinking: what is due when, for whom, in which state. No clock, no I/O, no library."""
