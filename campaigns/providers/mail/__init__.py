"""Mail that comes back: bounces, complaints and replies, from raw bytes and from a mailbox."""
