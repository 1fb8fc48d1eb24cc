"""A whole campaign for a few invented people, on a clock moved by hand, with no trace in real data."""
