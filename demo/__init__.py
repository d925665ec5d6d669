"""`python -m demo`: the product's promise kept on real parts of one machine."""
