"""What the scripts share: wavry's programs as processes, their memory over time, a chart of it."""
