"""What is written for people, held to what is there: links, anchors, command lines, flags and messages in Markdown.

`markdown` takes a file apart; `links`, `commands`, `messages` and `alerts` each return what is wrong with all of them.
`python -m documents` with `scripts/lib` on the path is what `./scripts/check` runs. Nothing is asked of any other
machine.
"""
