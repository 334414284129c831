"""Calls to other servers over HTTP, by httpx."""
