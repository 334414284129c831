"""What the acceptance stories share: a running product, two customers on it, and real orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.product import Product, Tenant, data_folder

NUMBERS = count(1)


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """One running product for all stories that do not hurt it."""
    with data_folder() as folder, Product(folder) as running:
        yield running


@pytest.fixture
def new_product() -> Iterator[Callable[..., Product]]:
    """Makes running products of a story's own, which it may hurt; all are ended with it."""
    with data_folder() as folder:
        made: list[Product] = []

        def make(**more: object) -> Product:
            own = folder / str(len(made))
            own.mkdir(mode=0o755)
            one = Product(own, **more)  # type: ignore[arg-type]
            made.append(one)
            return one.start()

        try:
            yield make
        finally:
            for one in reversed(made):
                one.stop()


@pytest.fixture
def alice(product: Product) -> Tenant:
    """A customer nobody has sent anything for yet."""
    return product.tenant(f"alice-{next(NUMBERS)}")


@pytest.fixture
def bob(product: Product) -> Tenant:
    """Another one, on the same server."""
    return product.tenant(f"bob-{next(NUMBERS)}")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files the stories make."""
    return tmp_path_factory.mktemp("workshop")
