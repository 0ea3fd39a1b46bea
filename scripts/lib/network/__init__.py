"""A bad network on purpose: one model of a link for the simulations, the relay, the benches and the tests.

`link` is the model, without a clock or a socket; `conditions` describes one in numbers and `profiles` by name;
`loss` and `trace` say what it loses and how much it carries. `simulation` joins a sender and a receiver by two of
them in virtual time; `relay` does it to the datagrams of real processes.
"""
