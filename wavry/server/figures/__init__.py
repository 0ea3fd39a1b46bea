"""What the host knows of itself now, and what it remembers, as data: for reports, pages and metrics."""

from wavry.server.figures.figures import Figures

__all__ = ["Figures"]
