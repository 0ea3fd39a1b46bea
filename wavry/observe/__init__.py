"""What is measured: bounded statistics, and the logs. Dashboards and metrics stand on these."""
