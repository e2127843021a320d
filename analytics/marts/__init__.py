"""One row per message, turn, session, conversation, customer-day, agent-day and intent-hour, out of the lake's events."""
