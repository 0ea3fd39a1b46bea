"""The page that shows a host: its figures as they change, what happened, and who is here. Imported only when it is on."""
