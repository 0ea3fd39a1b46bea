"""The clipboard of this machine, shared with the other end as far as both want it: text alone, on both programs alike.

         this machine's clipboard
                   │ on_text            ▲ put
     ClipboardBoard (x11: a thread of its own; sdl: the window's)
                   │                    │
            ClipboardStage (on the loop: what is on it now, and nothing twice)
                   │                    │
     ClipboardSession (one for each peer: what both sides and the host's rights allow, at a bounded pace)

Nothing here is imported unless `--clipboard` says so. PRIMARY, the selection of X11 that the middle button pastes, is
left alone. Words of a clipboard never reach a log: it may be a password. Only sizes do.
"""

from wavry.clipboard.config import OFF, ClipboardDirections

__all__ = ["OFF", "ClipboardDirections"]
