"""A person's hands on this machine: keys by their place, text, pointer, wheel and game pads, per platform.

`registry` has the ways there in order of preference: XTEST on X11 screens, uinput where the kernel has it, pynput on
Windows and macOS.
"""

from wavry.input.injector import Injector, PadInjector
from wavry.input.registry import OFF, input_names, open_injector, open_pad_injector

__all__ = ["OFF", "Injector", "PadInjector", "input_names", "open_injector", "open_pad_injector"]
