"""The simulator: believable days of orders, and what goes wrong in them, from a plan and a seed."""
