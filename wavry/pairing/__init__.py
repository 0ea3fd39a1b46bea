"""Who may come in: keys of both sides, the PIN that makes them known to each other, and the proof at each connection.

        client                                          host
    ClientGate ── knock: my key, a nonce ───────────►  HostGate
               ◄─ challenge: a nonce ────────────────
      known    ── proof: signature ─────────────────►   in the `ClientBook`: welcome
      new      ── pair_start, ◄─ pair_answer, ──────►   the `PinOffer` is open: SPAKE2
               ── pair_confirm ─────────────────────►   written into the `ClientBook`
               ◄─ pair_done, then welcome ───────────
      new page ── pair_pin ─────────────────────────►   compared with the PIN itself: welcome

The gates are sans-IO: messages in, messages out, `now` is passed in. Until a `HostGate` is open a host keeps nothing
for a peer but it and a connection. `docs/security.md` has the model.
"""
