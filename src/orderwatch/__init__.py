"""Orderwatch watches orders flow, and says at any moment whether each hop of each succeeded."""

__version__ = "0.1.0"
