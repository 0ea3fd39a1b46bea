"""Hands on an X11 screen, through XTEST.

Keys are pressed by their place, as the server names its keys. Text is typed with the keys of the present layout, and
what none of them has with spare keycodes that are given the character (`SpareKeys`). The server's own key repeat is off
for a key that is held here: a release that the network delays must not double it. The person's own repeats come as
presses, and programs see what X's repeat looks like, a release and a press at once.
"""

from __future__ import annotations

import time

from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError, InputLostError
from wavry.input.keysyms import composes, keysym_of
from wavry.input.scrolling import Notches
from wavry.input.usages import KEY_PLACES, X_OFFSET
from wavry.input.x11_layout import LOCK, SHIFT, Stroke
from wavry.input.x11_server import NAME, KeyboardState, X11Server
from wavry.input.x11_spare import SpareKeys

_BUTTONS = {1: 1, 2: 2, 3: 3, 4: 8, 5: 9}
"""X's numbers: 4 to 7 are its wheel."""
_UP, _DOWN, _LEFT, _RIGHT = 4, 5, 6, 7

_CONTROL, _ALT, _SUPER = 1 << 2, 1 << 3, 1 << 6
"""Modifier bits, as nearly every keyboard has them."""

_MAX_MOVE = 32_767
"""X's coordinates have 16 bits."""


class X11Injector:
    """An `Injector` for one X display.

    Raises:
        BackendUnavailableError: See `X11Server`.
    """

    name = NAME

    def __init__(self, display: str | None) -> None:
        self.notes: list[str] = []
        self._server = X11Server(display)
        self._keys: dict[int, int] = {}
        """Keycodes by the usage that holds them down, in the order in which they went down."""
        self._buttons: set[int] = set()
        self._horizontal, self._vertical = Notches(), Notches()
        self._is_layout_old = self._closed = False
        try:
            self._layout = self._server.read_layout()
        except InputLostError as error:
            self._server.close()
            raise BackendUnavailableError(NAME, error.reason) from error
        self._repeating = self._layout.repeating
        """Keys that the server repeats when they are not held here."""
        self._use_layout()

    def _use_layout(self) -> None:
        """Find keys and spare keys in the present layout."""
        levels = 1 if self._layout.keys_of(SHIFT)[1] else 2
        self._spare = SpareKeys(self._layout.spare_keycodes(), levels)
        self._keycodes = {
            usage: next((self._layout.names[name] for name in place.xkb if name in self._layout.names), None)
            or place.evdev + X_OFFSET
            for usage, place in KEY_PLACES.items()
        }

    def _follow_layout(self) -> None:
        """Read the layout again if somebody has changed it; a whole new one knows nothing of the spare keys."""
        self._hear()
        if not self._is_layout_old:
            return
        self._is_layout_old = False
        self._layout = self._server.read_layout()
        self._repeating = self._layout.repeating | self._repeating.intersection(self._keys.values())
        if all(self._layout.symbols(code) == self._keysyms(code) for code in self._spare.bound_keycodes()):
            self._layout.leave_out(self._spare.keycodes)
        else:
            self._use_layout()

    def _hear(self) -> None:
        """Read what the server says, so that it never piles up there."""
        self._is_layout_old |= self._server.has_new_layout(self._spare.keycodes)

    def _finish(self) -> None:
        """Send what was asked for, and read what the server says."""
        self._server.flush()
        self._hear()

    # Keys.

    def press_key(self, usage: int, text: str) -> None:
        """Press a key, or type the text if the key would give another; see `Injector`."""
        self._follow_layout()
        keycode = self._keycodes.get(usage)
        if keycode is None:
            self.type_text(text)
            return
        if keycode not in self._layout.modifiers:
            state = self._server.state()
            if text and self._layout.text(keycode, state.group, state.modifiers) != _as_typed(text):
                self._release_keycode_of(usage)
                self._type(text, state)
                return
            is_chord = state.modifiers & (_CONTROL | _ALT | _SUPER)
            if not (text or is_chord) and composes(self._layout.keysym(keycode, state.group, state.modifiers)):
                return  # the person's own layout composes, and the accent comes with the text
        self._press(usage, keycode)
        self._server.flush()

    def _press(self, usage: int, keycode: int) -> None:
        if keycode in self._keys.values():
            self._server.key(keycode, False)
        elif keycode in self._repeating:
            self._server.set_repeats(keycode, False)
        self._keys[usage] = keycode
        self._server.key(keycode, True)

    def release_key(self, usage: int) -> None:
        """Release a key that is down."""
        self._release_keycode_of(usage)
        self._server.flush()

    def _release_keycode_of(self, usage: int) -> None:
        keycode = self._keys.pop(usage, None)
        if keycode is not None and keycode not in self._keys.values():
            self._server.key(keycode, False)
            if keycode in self._repeating:
                self._server.set_repeats(keycode, True)

    # Text.

    def type_text(self, text: str) -> None:
        """Type characters, with keys of the layout where it has them; see `Injector`."""
        self._follow_layout()
        self._type(text, self._server.state())

    def _type(self, text: str, state: KeyboardState) -> None:
        """Type with no modifier down or locked that could change what comes of it, and put them back."""
        held = [code for code in self._keys.values() if code in self._layout.modifiers]
        has_caps = state.locked & LOCK
        for code in reversed(held):
            self._server.key(code, False)
        if has_caps:
            self._server.lock_modifiers(LOCK, False)
        for character in _as_typed(text):
            self._type_character(character, state.group, state.locked & ~LOCK)
        if has_caps:
            self._server.lock_modifiers(LOCK, True)
        for code in held:
            self._server.key(code, True)
        self._server.flush()

    def _type_character(self, character: str, group: int, locked: int) -> None:
        stroke = self._layout.find(character, group, locked) or self._borrow(character)
        if stroke is None:
            return
        modifiers, _ = self._layout.keys_of(stroke.modifiers)
        for code in modifiers:
            self._server.key(code, True)
        self._tap(stroke.keycode)
        for code in reversed(modifiers):
            self._server.key(code, False)

    def _tap(self, keycode: int) -> None:
        """Press a key and release it, and press it again if it was down."""
        is_held = keycode in self._keys.values()
        if is_held:
            self._server.key(keycode, False)
        self._server.key(keycode, True)
        self._server.key(keycode, False)
        if is_held:
            self._forget_held(keycode)

    def _forget_held(self, keycode: int) -> None:
        """Take a key for released that was tapped while it was held: pressed again it would type once more."""
        for usage in [usage for usage, held in self._keys.items() if held == keycode]:
            del self._keys[usage]
        if keycode in self._repeating:
            self._server.set_repeats(keycode, True)

    def _borrow(self, character: str) -> Stroke | None:
        """Return a spare key that gives a character; waits while all of them may still have to be read."""
        keysym = keysym_of(character)
        if keysym is None:
            return None
        slot = self._spare.slot_of(character, now=monotonic())
        if slot is None:
            wait_s = self._spare.wait_s(now=monotonic())
            if wait_s is None:
                self._note("the layout has no keycodes to spare; what no key gives can't be typed")
                return None
            if wait_s > 0:
                self._server.flush()
                time.sleep(wait_s)
            slot = self._spare.lend(character, now=monotonic())
            self._bind(slot.keycode)
        return Stroke(slot.keycode, SHIFT if slot.level else 0)

    def _bind(self, keycode: int) -> None:
        self._server.bind(keycode, self._keysyms(keycode) or (0,))

    def _keysyms(self, keycode: int) -> tuple[int, ...]:
        """Return what a spare key is to give, by level."""
        return tuple(keysym_of(each) or 0 for each in self._spare.symbols(keycode))

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    # The pointer.

    def move_to(self, x: int, y: int) -> None:
        """Put the pointer on a pixel; X's desktop begins at 0,0."""
        self._server.move(_limited(x), _limited(y), is_relative=False)
        self._finish()

    def move_by(self, dx: int, dy: int) -> None:
        """Move the pointer as a mouse does."""
        self._server.move(_limited(dx), _limited(dy), is_relative=True)
        self._finish()

    def press_button(self, button: int) -> None:
        """Press a button."""
        self._buttons.add(button)
        self._server.button(_BUTTONS[button], True)
        self._finish()

    def release_button(self, button: int) -> None:
        """Release a button that is down."""
        if button in self._buttons:
            self._buttons.discard(button)
            self._server.button(_BUTTONS[button], False)
            self._finish()

    def scroll(self, horizontal: int, vertical: int) -> None:
        """Turn the wheel by the whole notches that have come together."""
        now = monotonic()
        self._turn(self._horizontal.add(horizontal, now=now), _RIGHT, _LEFT)
        self._turn(self._vertical.add(vertical, now=now), _UP, _DOWN)
        self._finish()

    def _turn(self, notches: int, forward: int, back: int) -> None:
        button = forward if notches > 0 else back
        for _ in range(abs(notches)):
            self._server.button(button, True)
            self._server.button(button, False)

    # The end.

    def rest(self) -> None:
        """Take back the spare keys that have been read."""
        for keycode in self._spare.take_back(now=monotonic()):
            self._bind(keycode)
        self._finish()

    def release_everything(self) -> None:
        """Let go of all keys and buttons."""
        for button in sorted(self._buttons):
            self.release_button(button)
        for usage in reversed(list(self._keys)):
            self._release_keycode_of(usage)
        self._server.flush()

    def _give_back_spare_keys(self) -> None:
        """Bind nothing to the spare keys any more, when everything typed with them has been read."""
        if len(self._spare):
            self._server.flush()
            time.sleep(max(0.0, self._spare.read_at - monotonic()))
            self.rest()

    def close(self) -> None:
        """Let go of everything, put the layout back, and disconnect."""
        if self._closed:
            return
        self._closed = True
        try:
            self.release_everything()
            self._give_back_spare_keys()
            self._server.wait_until_done()
        except InputLostError:
            pass  # nothing is down on a server that is gone
        self._server.close()


def _as_typed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _limited(value: int) -> int:
    return max(-_MAX_MOVE, min(value, _MAX_MOVE))


def open_x11(display: str | None) -> X11Injector:
    """Open a display; see `X11Injector`."""
    return X11Injector(display)
