"""The verbs: one act per file."""
