"""A long run with a verdict.

`run` is the command line; `programs` soaks the real ones, `virtual` the protocol in virtual time; `samples` and
`counts` are what is measured of them, `churn` is what disturbs them, on a `screen` of its own.
"""
