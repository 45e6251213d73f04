"""The outbox: what happened is written with the write itself, and told to whoever listens afterwards."""

from crm.events.recording import record, record_many
from crm.events.subscribing import subscribe

__all__ = ["record", "record_many", "subscribe"]
