"""The host's pointer for those viewers that draw it: one thread that looks, one part for each viewer that tells."""
