"""The hunt for leaks: `pipeline` is what is looked into, `plan` what it does meanwhile, `subject` starts it.

`heap` looks with memray for what is alive and grows, `lost` with valgrind for what nobody points to any more; `growth`
says when something grows.
"""
