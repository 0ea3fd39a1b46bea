"""What is written for people, held to what is there: links, anchors, command lines and flags in Markdown.

`markdown` takes a file apart, `links` and `commands` each return what is wrong with all of them. `python -m documents`
with `scripts/lib` on the path is what `./scripts/check` runs. Nothing is asked of any other machine.
"""
