"""Readers of a host's dashboard, as cheap as they can be: a browser would cost more than what is measured."""
