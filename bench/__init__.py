"""The speed promises, measured: each figure beside its peer or floor, in one run on one machine."""
