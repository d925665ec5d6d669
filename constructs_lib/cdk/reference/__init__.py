"""The parts of the reference stack: an order service on three kinds of store, deployable as it is, built from ``profiles.yaml``."""
