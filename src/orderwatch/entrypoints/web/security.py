"""What every page tells the browser: nothing from elsewhere, nothing inline, in no one's frame."""

from __future__ import annotations

from typing import Final

CONTENT_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)

# Referrer `same-origin`, not `no-referrer`: with the latter browsers send `Origin: null` with our
# own forms, and the check of the origin would refuse them.
PAGE_HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
