"""The readers of the providers' webhooks: who sent this, and what does it say."""
