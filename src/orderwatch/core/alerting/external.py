"""Alerts of an Alertmanager as incidents of ours: the same history, told by whoever raised them."""

from __future__ import annotations

from typing import Final

OURS: Final = {"sent_by": "orderwatch"}
"""The label on every alert that we send: what comes back with it is not taken in again."""
