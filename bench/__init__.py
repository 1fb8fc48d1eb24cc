"""Speed and memory, measured on the machine at hand: `python -m bench`, or `python -m bench --json`.

Nothing here passes or fails. Every figure comes from the real parts: PostgreSQL, Valkey,
the HTTP server, Celery workers, and an SMTP server of our own on loopback.
"""
