"""Notify the right people of what needs them: found by SQL, sent once, by Apprise (docs/alerts.md)."""

from union_warehouse.alerts.run import Delivery, acknowledge, plan_messages, send_alerts, standing_events

__all__ = ["Delivery", "acknowledge", "plan_messages", "send_alerts", "standing_events"]
