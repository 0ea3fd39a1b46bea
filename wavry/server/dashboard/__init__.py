"""The page that shows a host: its figures, what happened, and who is here. Imported only when it is on."""
