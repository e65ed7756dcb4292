"""One peer, measured beside the product."""
