"""The LOTUS'S O2O day as tables: the shop, what may happen to an order, and the plans made of them.

The script of an order is in `lotus_o2o_steps.py`; durations are seconds, prices satang.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from orderwatch.core.model import Class
from orderwatch.core.simulation.lotus_o2o_steps import (
    CHECKOUT,
    ENGINE,
    HIGHJUMP,
    HOUR,
    INSTORE,
    INVOICE,
    LOGINEXT,
    MIN,
    OMS,
    READY,
    RIDER,
    STEPS,
    STOCK,
)
from orderwatch.core.simulation.plan import (
    Course,
    Hours,
    Latency,
    Meaning,
    Plan,
    Product,
    Promise,
    Setback,
    Store,
    WarmUp,
)

# fmt: off
DAY_CURVE: Final = (
    0.5, 0.3, 0.2, 0.2, 0.3, 0.7, 1.6, 2.6, 3.8, 4.6, 5.8, 7.6,
    8.0, 6.2, 5.0, 4.8, 5.4, 7.2, 8.6, 8.2, 6.4, 4.4, 2.4, 1.2,
)
"""Weights of the local hours: a lunch and a dinner peak, a quiet night."""

PROMISES: Final = (
    Promise(steps=READY, when=("warehouse",), within=4 * HOUR),
    Promise(steps=READY, when=("store", "closed"), within=HOUR, from_opening=True),
    Promise(steps=("instore.received", "instore.picking", "instore.picked", "instore.packed"),
            when=("closed",), within=1.25 * HOUR, from_opening=True),
    Promise(steps=("oms.shipping",), when=("scheduled",), within=48 * HOUR),
)

SETBACKS: Final = {
    "rejected": Setback(
        steps=("engine.accepted",), status="REJECTED",
        cancels=0.6, cancel_takes=Latency(20, 0.5, 2 * MIN),
        reasons=(("INVENTORY", "not enough stock in any store nearby"),
                 ("PRICING", "the promotion has expired"),
                 ("ELIGIBILITY", "the address is outside the delivery area"),
                 ("FULFILMENT", "no delivery slot is left"))),
    "declined": Setback(
        steps=("checkout.captured", "checkout.reviewed", "checkout.scanned"), status="DECLINED",
        cancels=0.5, cancel_takes=Latency(2 * MIN, 0.5, 8 * MIN),
        reasons=(("INSUFFICIENT_FUNDS", "the bank refused: insufficient funds"),
                 ("EXPIRED_CARD", "the card has expired"),
                 ("DO_NOT_HONOR", "the bank refused without saying why"))),
    "out_of_stock": Setback(
        steps=("stock.reserved",), status="OUT_OF_STOCK",
        cancels=0.7, cancel_takes=Latency(40, 0.5, 5 * MIN),
        reasons=(("NO_STOCK", "sold out since the basket was filled"),
                 ("DAMAGED", "the last one is damaged"))),
}

OK, KO, OPEN = Class.SUCCESS, Class.FAILED, Class.DELAYED

MEANING: Final = Meaning(
    oms=OMS,
    oms_classes={
        "PENDING": OPEN, "PENDING_PAYMENT": OPEN, "PAYMENT_REVIEW": OPEN, "PROCESSING": OPEN,
        "HOLDED": OPEN, "SHIPPING": OPEN, "FRAUD": KO, "CANCELED": KO, "COMPLETE": OK, "CLOSED": OK,
    },
    ranks={"PENDING": 1, "PENDING_PAYMENT": 2, "PAYMENT_REVIEW": 2, "PROCESSING": 3, "SHIPPING": 4,
           "COMPLETE": 5, "CLOSED": 6},
    final=("CANCELED", "CLOSED"),
    leg_classes={
        ENGINE: {"ACCEPTED": OK, "REJECTED": KO},
        CHECKOUT: {"CAPTURED": OK, "COD_CONFIRMED": OK, "REFUNDED": OK, "DECLINED": KO},
        STOCK: {"RESERVED": OK, "OUT_OF_STOCK": KO},
        INVOICE: {"ISSUED": OK},
        INSTORE: {"HANDED_OVER": OK, "SHORT_PICKED": KO, "CANCELED": KO},
        HIGHJUMP: {"HANDED_OVER": OK, "CANCELED": KO},
        RIDER: {"DELIVERED": OK, "NOT_DELIVERED": KO, "RETURNED": KO},
        LOGINEXT: {"DELIVERED": OK, "NOTDELIVERED": KO, "RETURNED": KO},
    },
)

COURSES: Final = {
    "plain": Course(0.880),
    "closed": Course(0.045, ("closing",)),
    "customer_canceled": Course(0.018, ("customer_canceled",)),
    "held": Course(0.014, ("held",)),
    "second_attempt": Course(0.014, ("missed", "second_attempt")),
    "refunded": Course(0.014, ("closing", "refunded")),
    "returned": Course(0.005, ("missed", "returned")),
    "short_picked": Course(0.004, ("short_picked",)),
    "fraud_cleared": Course(0.003, ("suspected", "fraud_cleared")),
    "fraud": Course(0.003, ("suspected", "fraud")),
}

STORES: Final = (
    Store("TH-0101", 5), Store("TH-0102", 4), Store("TH-0107", 4), Store("TH-0115", 3),
    Store("TH-0123", 3), Store("TH-0204", 3), Store("TH-0211", 2), Store("TH-0218", 2),
    Store("TH-0302", 2), Store("TH-0309", 2), Store("TH-0316", 2), Store("TH-0412", 3),
    Store("TH-0425", 2), Store("TH-0501", 2), Store("TH-0514", 1), Store("TH-0603", 1),
    Store("TH-0618", 1), Store("TH-0702", 1), Store("TH-0809", 1), Store("TH-0911", 1),
)
WAREHOUSES: Final = (Store("DC-WANGNOI", 3), Store("DC-BANGBUATHONG", 2), Store("DC-LAMPHUN", 1))

PRODUCTS: Final = (
    Product("8850001", "ข้าวหอมมะลิ 5 กก.", 21900),
    Product("8850002", "ไข่ไก่ เบอร์ 2 x30", 13500),
    Product("8850003", "นมสด 2 ลิตร", 9400),
    Product("8850004", "น้ำดื่ม 1.5 ลิตร x6", 5500),
    Product("8850005", "น้ำมันปาล์ม 1 ลิตร", 4700),
    Product("8850006", "บะหมี่กึ่งสำเร็จรูป x10", 6200),
    Product("8850007", "ซอสหอยนางรม", 4550),
    Product("8850008", "น้ำปลา 700 มล.", 3200),
    Product("8850009", "อกไก่ 1 กก.", 8900),
    Product("8850010", "หมูสามชั้น 500 ก.", 11900),
    Product("8850011", "มะม่วงน้ำดอกไม้", 7900),
    Product("8850012", "ทุเรียนหมอนทอง", 45900),
    Product("8850013", "Jasmine tea 500 ml", 2000),
    Product("8850014", "Ground coffee 250 g", 18500),
    Product("8850015", "Bread loaf", 4600),
    Product("8850016", "Butter 227 g", 12900),
    Product("8850017", "Laundry detergent 2.7 kg", 22900),
    Product("8850018", "Diapers L x50", 52900),
    Product("8850019", "Toilet paper x24", 19900),
    Product("8850020", "Shampoo 450 ml", 15900),
    Product("8850021", "Toothpaste x3", 11700),
    Product("8850022", "Cat food 1.2 kg", 14900),
    Product("8850023", "Dishwashing liquid", 3900),
    Product("8850024", "Salmon fillet 200 g", 18900),
)
# fmt: on

LOTUS_O2O: Final = Plan(
    day_curve=DAY_CURVE,
    utc_offset=timedelta(hours=7),
    hours=Hours(opens=8, closes=22),
    currency="THB",
    channels={"app": 0.58, "website": 0.42},
    fulfilments={"store": 0.75, "warehouse": 0.25},
    deliveries={
        "store": {"express": 0.7, "scheduled": 0.3},
        "warehouse": {"express": 0.08, "scheduled": 0.92},
        "closed": {"scheduled": 1.0},
    },
    payments={"card": 0.52, "qr": 0.28, "cod": 0.16, "review": 0.04},
    courses=COURSES,
    habits={"engine_retry": 0.012},
    stores=STORES,
    warehouses=WAREHOUSES,
    products=PRODUCTS,
    basket=Latency(4, 0.7, 20),
    delivery_fees={"express": 4900, "scheduled": 2900},
    transport=Latency(0.12, 0.6, 3),
    steps=STEPS,
    promises=PROMISES,
    setbacks=SETBACKS,
    meaning=MEANING,
)
"""The day as it is: 20,000 orders, no faults."""

DEMO_START_ORDERS: Final = 250


def demo_plan(now: datetime, per_minute: float, pace: float = 240.0) -> Plan:
    """The demo's day, begun at `now`: compressed so that orders live and end while one watches.

    At pace 240 the first orders complete half a minute after they were placed, most within two; an
    engine that is slow or stuck is overdue after its 30 s, and the stores never close. Orders of
    the three hours before keep their natural pace, so that the first screen shows every status.
    The order number follows the clock: a second run does not repeat it.
    """
    tenths = int(now.timestamp() * 10)
    return replace(
        LOTUS_O2O,
        per_minute=per_minute,
        pace=pace,
        hours=Hours(opens=0, closes=24, last_order=0),
        warm_up=WarmUp(orders=DEMO_START_ORDERS, span=timedelta(hours=3)),
        first_order=2_000_000_000 + tenths % 7_000_000_000,
    )
