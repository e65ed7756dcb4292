"""Measurements, run by `make bench`: what an operation costs, beside the least it could cost and beside one peer."""
