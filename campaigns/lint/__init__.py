"""What is wrong with the words of a message, said before anybody reads or approves them.

The checks read two things only: the source files as plain text, and samples of what a
registrant would get. So they hold for whatever format a body is written in.
"""
