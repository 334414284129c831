"""One running server that all tests of this folder administer, with tenants of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.product import Product, data_folder, only
from typer.testing import CliRunner, Result

from orderwatch.entrypoints.cli.main import app

Orderwatch = Callable[..., Result]


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    with data_folder() as folder, Product(folder, settings={"log_steps": "true"}) as product:
        yield product


@pytest.fixture
def orderwatch(product: Product) -> Orderwatch:
    """Runs a command as a person types it, on the database of the server."""

    def run(*words: str) -> Result:
        with only(product.settings):
            return CliRunner().invoke(app, list(words))

    return run
