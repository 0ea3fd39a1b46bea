"""`python -m wavry.doctor`: what runs on this machine, what does not, and why.

`back_ends` really opens every capture, encoder, decoder and renderer and puts a picture through it; `machine` lists
libraries, limits and the host's identity; `quiet` keeps what native libraries print out of the answer.
"""
