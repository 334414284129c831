"""Alerting: from what changed to who is told. Pure: rules, incidents, notices."""
