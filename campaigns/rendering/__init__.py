"""Words: from a template and the facts about one person to the bytes of an email or the body of a text.

Operations enter here with a `Letter`. This room never asks the database, the clock or the network.
"""
