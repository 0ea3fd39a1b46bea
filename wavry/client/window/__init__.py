"""The window: SDL, the picture in it, and what else is drawn there or comes from the person's hands."""
