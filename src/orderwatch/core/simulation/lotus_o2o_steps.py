"""Who says what in LOTUS'S O2O, after what and how fast: the script of the simulated orders.

Durations are seconds. Healthy latencies stay inside the thresholds of templates/lotus-o2o.yaml, or
inside the promise told with the step; shares and latencies are plausible, not measured.
"""

from __future__ import annotations

from typing import Final

from orderwatch.core.simulation.plan import Latency, Step

MIN: Final = 60.0
HOUR: Final = 3600.0

OMS: Final = "phoenix_oms"
ENGINE: Final = "commerce_engine"
CHECKOUT: Final = "checkout"
STOCK: Final = "stock"
INVOICE: Final = "invoice"
INSTORE: Final = "instore_app"
HIGHJUMP: Final = "highjump"
RIDER: Final = "rider_app"
LOGINEXT: Final = "loginext"

# fmt: off
PAID: Final = ("checkout.captured", "checkout.scanned", "checkout.reviewed", "checkout.cod")
READY: Final = ("oms.processing", "oms.resumed", "oms.cleared")
PICKED_UP_AT: Final = ("instore.handed_over", "highjump.handed_over")

ORDERING: Final = (
    Step("oms.placed", OMS, "PENDING", amount="order_total", ref=("entity_id", "")),
    Step("engine.received", ENGINE, "RECEIVED", after=("oms.placed",),
         takes=Latency(0.25, 0.5, 4)),
    Step("engine.retrying", ENGINE, "RETRYING", after=("engine.received",),
         takes=Latency(3, 0.3, 8), when=("engine_retry",), attempt=2),
    Step("engine.accepted", ENGINE, "ACCEPTED", after=("engine.received", "engine.retrying"),
         takes=Latency(0.6, 0.6, 12)),
    Step("stock.reserved", STOCK, "RESERVED", after=("engine.accepted",),
         takes=Latency(1.2, 0.7, 30), ref=("reservation", "RSV-")),
)

PAYING: Final = (
    Step("checkout.pending", CHECKOUT, "PENDING", after=("engine.accepted",),
         takes=Latency(0.8, 0.5, 10), when=("qr",)),
    Step("oms.awaiting_payment", OMS, "PENDING_PAYMENT", after=("checkout.pending",),
         takes=Latency(0.5, 0.5, 10), when=("qr",), amount="order_total"),
    Step("checkout.authorized", CHECKOUT, "AUTHORIZED", after=("engine.accepted",),
         takes=Latency(8, 0.8, 4 * MIN), unless=("qr", "cod"), amount="authorized",
         ref=("psp_reference", "PSP-")),
    Step("oms.reviewing", OMS, "PAYMENT_REVIEW", after=("checkout.authorized",),
         takes=Latency(0.8, 0.5, 10), when=("review",), amount="order_total"),
    Step("checkout.reviewed", CHECKOUT, "CAPTURED", after=("oms.reviewing",),
         takes=Latency(3 * MIN, 0.5, 8 * MIN), when=("review",), amount="captured"),
    Step("checkout.captured", CHECKOUT, "CAPTURED", after=("checkout.authorized",),
         takes=Latency(1.5, 0.6, 30), when=("card",), amount="captured"),
    Step("checkout.scanned", CHECKOUT, "CAPTURED", after=("oms.awaiting_payment",),
         takes=Latency(2 * MIN, 0.7, 12 * MIN), when=("qr",), amount="captured",
         ref=("psp_reference", "QR-")),
    Step("checkout.cod", CHECKOUT, "COD_CONFIRMED", after=("engine.accepted",),
         takes=Latency(2, 0.5, 30), when=("cod",), amount="cod_expected"),
    Step("invoice.issued", INVOICE, "ISSUED", after=PAID, takes=Latency(6, 0.8, 2 * MIN),
         amount="invoiced", ref=("invoice_no", "INV-")),
)

PROCESSING: Final = (
    Step("oms.suspected", OMS, "FRAUD", after=(*PAID, "stock.reserved"),
         takes=Latency(4, 0.4, 30), when=("suspected",), amount="order_total",
         reason=("VELOCITY", "many orders with one card")),
    Step("oms.defrauded", OMS, "CANCELED", after=("oms.suspected",),
         takes=Latency(8 * MIN, 0.4, 20 * MIN), when=("fraud",), amount="order_total",
         reason=("FRAUD", "fraud confirmed"), ends=True),
    Step("oms.cleared", OMS, "PROCESSING", after=("oms.suspected",),
         takes=Latency(8 * MIN, 0.4, 20 * MIN), when=("fraud_cleared",), amount="order_total"),
    Step("oms.processing", OMS, "PROCESSING", after=(*PAID, "stock.reserved"),
         takes=Latency(0.8, 0.5, 10), unless=("suspected",), amount="order_total"),
    Step("oms.held", OMS, "HOLDED", after=("oms.processing",), takes=Latency(10, 0.5, MIN),
         when=("held",), amount="order_total", reason=("ADDRESS", "address to be confirmed")),
    Step("oms.resumed", OMS, "PROCESSING", after=("oms.held",),
         takes=Latency(8 * MIN, 0.4, 18 * MIN), when=("held",), amount="order_total"),
    Step("oms.canceled", OMS, "CANCELED", after=("oms.processing",), takes=Latency(80, 0.4, 150),
         when=("customer_canceled",), amount="order_total",
         reason=("CUSTOMER", "canceled by the customer"), ends=True),
    Step("instore.canceled", INSTORE, "CANCELED", after=("oms.canceled",),
         takes=Latency(2, 0.5, 20), when=("store",),
         reason=("CUSTOMER", "canceled by the customer")),
    Step("highjump.canceled", HIGHJUMP, "CANCELED", after=("oms.canceled",),
         takes=Latency(4, 0.5, 30), when=("warehouse",),
         reason=("CUSTOMER", "canceled by the customer")),
)

PICKING: Final = (
    Step("instore.received", INSTORE, "RECEIVED", after=READY, takes=Latency(0.8, 0.5, 10),
         when=("store",)),
    Step("instore.picking", INSTORE, "PICKING", after=("instore.received",),
         takes=Latency(2.5 * MIN, 0.5, 5 * MIN), when=("store",), staffed=True),
    Step("instore.short", INSTORE, "SHORT_PICKED", after=("instore.picking",),
         takes=Latency(6 * MIN, 0.4, 10 * MIN), when=("store", "short_picked"),
         reason=("NO_STOCK", "nothing of it on the shelf")),
    Step("oms.unpicked", OMS, "CANCELED", after=("instore.short",),
         takes=Latency(30, 0.5, 3 * MIN), amount="order_total",
         reason=("SHORT_PICK", "nothing picked"), ends=True),
    Step("instore.picked", INSTORE, "PICKED", after=("instore.picking",),
         takes=Latency(7 * MIN, 0.4, 11 * MIN), when=("store",), unless=("short_picked",)),
    Step("instore.packed", INSTORE, "PACKED", after=("instore.picked",),
         takes=Latency(2 * MIN, 0.4, 5 * MIN), when=("store",)),
    Step("instore.handed_over", INSTORE, "HANDED_OVER", after=("instore.packed",),
         takes=Latency(2.5 * MIN, 0.5, 6 * MIN), when=("store",)),
    Step("highjump.received", HIGHJUMP, "RECEIVED", after=READY, takes=Latency(2, 0.5, 30),
         when=("warehouse",)),
    Step("highjump.released", HIGHJUMP, "RELEASED", after=("highjump.received",),
         takes=Latency(3 * MIN, 0.5, 10 * MIN), when=("warehouse",)),
    Step("highjump.picking", HIGHJUMP, "PICKING", after=("highjump.released",),
         takes=Latency(12 * MIN, 0.6, 60 * MIN), when=("warehouse",)),
    Step("highjump.picked", HIGHJUMP, "PICKED", after=("highjump.picking",),
         takes=Latency(25 * MIN, 0.5, 60 * MIN), when=("warehouse",)),
    Step("highjump.packed", HIGHJUMP, "PACKED", after=("highjump.picked",),
         takes=Latency(12 * MIN, 0.5, 35 * MIN), when=("warehouse",)),
    Step("highjump.handed_over", HIGHJUMP, "HANDED_OVER", after=("highjump.packed",),
         takes=Latency(15 * MIN, 0.5, 40 * MIN), when=("warehouse",)),
)

DELIVERING: Final = (
    Step("oms.shipping", OMS, "SHIPPING", after=PICKED_UP_AT, takes=Latency(1.5, 0.5, 20),
         amount="order_total"),
    Step("rider.assigning", RIDER, "ASSIGNING_DRIVER", after=PICKED_UP_AT,
         takes=Latency(1.5, 0.5, 20), when=("express",), ref=("rider_job", "RJ-")),
    Step("rider.picked_up", RIDER, "PICKED_UP", after=("rider.assigning",),
         takes=Latency(6 * MIN, 0.5, 20 * MIN), when=("express",)),
    Step("rider.in_transit", RIDER, "IN_TRANSIT", after=("rider.picked_up",),
         takes=Latency(20, 0.5, 2 * MIN), when=("express",)),
    Step("rider.missed", RIDER, "NOT_DELIVERED", after=("rider.in_transit",),
         takes=Latency(18 * MIN, 0.4, 30 * MIN), when=("express", "missed"),
         reason=("ABSENT", "nobody at the door")),
    Step("rider.again", RIDER, "IN_TRANSIT", after=("rider.missed",),
         takes=Latency(5 * MIN, 0.4, 10 * MIN), when=("express", "second_attempt"), attempt=2),
    Step("rider.returned", RIDER, "RETURNED", after=("rider.missed",),
         takes=Latency(15 * MIN, 0.4, 25 * MIN), when=("express", "returned")),
    Step("rider.delivered", RIDER, "DELIVERED", after=("rider.in_transit", "rider.again"),
         takes=Latency(18 * MIN, 0.4, 45 * MIN), when=("express",), unless=("returned",)),
    Step("loginext.planned", LOGINEXT, "NOTDISPATCHED", after=PICKED_UP_AT,
         takes=Latency(4, 0.5, 30), when=("scheduled",), ref=("awb", "LN")),
    Step("loginext.picked_up", LOGINEXT, "PICKEDUP", after=("loginext.planned",),
         takes=Latency(40 * MIN, 0.6, 3 * HOUR), when=("scheduled",)),
    Step("loginext.in_transit", LOGINEXT, "INTRANSIT", after=("loginext.picked_up",),
         takes=Latency(20 * MIN, 0.6, 2 * HOUR), when=("scheduled",)),
    Step("loginext.missed", LOGINEXT, "NOTDELIVERED", after=("loginext.in_transit",),
         takes=Latency(2 * HOUR, 0.5, 6 * HOUR), when=("scheduled", "missed"),
         reason=("ABSENT", "nobody at the door")),
    Step("loginext.again", LOGINEXT, "INTRANSIT", after=("loginext.missed",),
         takes=Latency(15 * HOUR, 0.2, 20 * HOUR), when=("scheduled", "second_attempt"),
         attempt=2),
    Step("loginext.returned", LOGINEXT, "RETURNED", after=("loginext.missed",),
         takes=Latency(3 * HOUR, 0.4, 8 * HOUR), when=("scheduled", "returned")),
    Step("loginext.delivered", LOGINEXT, "DELIVERED",
         after=("loginext.in_transit", "loginext.again"), takes=Latency(2 * HOUR, 0.5, 8 * HOUR),
         when=("scheduled",), unless=("returned",)),
    Step("oms.undelivered", OMS, "CANCELED", after=("rider.returned", "loginext.returned"),
         takes=Latency(10, 0.5, 2 * MIN), amount="order_total",
         reason=("RETURNED", "could not be delivered"), ends=True),
)

ENDING: Final = (
    Step("oms.complete", OMS, "COMPLETE", after=("rider.delivered", "loginext.delivered"),
         takes=Latency(1.5, 0.5, 20), amount="order_total"),
    Step("checkout.refunded", CHECKOUT, "REFUNDED", after=("oms.complete",),
         takes=Latency(25 * MIN, 0.5, 2 * HOUR), when=("refunded",), amount="refunded"),
    Step("oms.closed", OMS, "CLOSED", after=("oms.complete", "checkout.refunded"),
         takes=Latency(10 * MIN, 0.5, HOUR), when=("closing",), amount="order_total"),
)

STEPS: Final = (*ORDERING, *PAYING, *PROCESSING, *PICKING, *DELIVERING, *ENDING)
