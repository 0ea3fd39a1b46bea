"""Rate controllers on one bottleneck in virtual time: what a host, an encoder and a viewer do around them."""
