"""Where a channel may lead: the operator says, and a name that changes its mind leads nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orderwatch.adapters.notifiers.hosts import Hosts, NotAllowed, is_public


def hosts(*allowed: str, leads_to: Sequence[str] = ("93.184.216.34",)) -> Hosts:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return leads_to

    return Hosts(allowed, resolve)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
async def test_nothing_inside_is_reached_unless_it_is_named(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(NotAllowed, match="ORDERWATCH_CHANNEL_HOSTS"):
        await hosts("public", leads_to=(address,)).addresses("hooks.example", 443)
    assert await hosts("hooks.example", leads_to=(address,)).addresses("hooks.example", 443)


async def test_one_inner_address_among_others_is_enough_to_refuse() -> None:
    mixed = hosts("public", leads_to=("93.184.216.34", "10.0.0.1"))
    with pytest.raises(NotAllowed):
        await mixed.addresses("hooks.example", 443)


async def test_the_public_internet_is_open_unless_a_list_closes_it() -> None:
    assert await hosts("public").addresses("hooks.example", 443) == ("93.184.216.34",)
    with pytest.raises(NotAllowed, match=r"hooks\.example is not one of"):
        await hosts("hooks.slack.com").addresses("hooks.example", 443)


@pytest.mark.parametrize(
    ("allowed", "host", "listed"),
    [
        ("alertmanager", "alertmanager", True),
        ("Alertmanager", "ALERTMANAGER.", True),
        ("*.shop.example", "mail.shop.example", True),
        ("*.shop.example", "a.b.shop.example", True),
        ("*.shop.example", "shop.example", False),
        ("*.shop.example", "evilshop.example", False),
        ("*", "anything", True),
        ("public", "public.example", False),
        ("", "", False),
    ],
)
def test_a_list_of_hosts_means_what_it_says(allowed: str, host: str, listed: bool) -> None:
    assert Hosts([allowed]).lists(host) is listed
