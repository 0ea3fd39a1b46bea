"""A long run with a verdict: `run` is the command line, `samples` what is measured, `churn` what disturbs it."""
