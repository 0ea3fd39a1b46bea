"""Sound on the client: packets to blocks, blocks to a sound card, in step with the picture.

     event loop                       the output's thread
   SoundStage.take ─► SoundPlayout ─► SoundPlayer.read ─► output
                     (jitter, order)  (decode, fade, stretch)

Nothing here is imported before a host has sound to send.
"""
