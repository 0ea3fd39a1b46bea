"""What a person reads in the window while there is no picture, or a stale one."""

from __future__ import annotations

from typing import NamedTuple

from wavry.rift import Right


class Notice(NamedTuple):
    """A few words over the picture."""

    heading: str
    detail: str = ""
    """Why, or what happens next; may be long."""


def connecting(host: str, reason: str = "") -> Notice:
    """Nothing has answered yet."""
    return Notice(f"Connecting to {host} …", f"No answer yet: {reason}" if reason else "")


def connected(host: str) -> Notice:
    """The host has answered, its first picture has not come."""
    return Notice(f"Connected to {host}", "Waiting for its picture …")


def lost(host: str, reason: str) -> Notice:
    """The connection has ended and may come back."""
    return Notice(f"Lost {host}; trying again …", reason)


def no_picture(reason: str) -> Notice:
    """The host is there, its screen is not."""
    return Notice("The host has no picture", reason)


def refused(host: str, reason: str) -> Notice:
    """The host does not want us; trying again changes nothing."""
    return Notice(f"{host} refuses this client", reason)


def failed(reason: str) -> Notice:
    """The client can't go on."""
    return Notice("This did not work", reason)


_DENIALS = {
    Right.AUDIO: "This host does not let you hear its sound",
    Right.POINTER: "This host does not let you use its pointer",
    Right.KEYS: "This host does not let you type",
    Right.PADS: "This host does not let you use game pads",
    Right.CLIPBOARD: "This host does not let you use its clipboard",
}


def denial(right: str) -> str:
    """Say what the host does not allow; of a newer host it may be a right that this client does not know."""
    known = next((text for each, text in _DENIALS.items() if each == right), None)
    return known or f"This host does not allow this: {right}"
