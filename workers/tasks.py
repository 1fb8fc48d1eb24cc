"""The one task there is; it does nothing itself."""

from __future__ import annotations

from campaigns.operations.send import send_batch
from workers.app import TASK, app, process


@app.task(name=TASK)
def hand_off_batch(batch_id: int) -> None:
    """Answer the doorbell of a batch."""
    send_batch(process.desk(), batch_id)
