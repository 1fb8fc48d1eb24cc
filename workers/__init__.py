"""The clock's side of the house: the scheduler and the Celery workers."""
