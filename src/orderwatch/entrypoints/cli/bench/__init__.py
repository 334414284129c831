"""`orderwatch bench`: the product measured beside its limits, both in one run on one machine."""
