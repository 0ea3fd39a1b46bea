"""Which of PortAudio's devices is recorded, on systems that are not here."""

from __future__ import annotations

import pytest

from wavry.capture.sound.devices import choose_device
from wavry.errors import BackendUnavailableError


def device(name: str, inputs: int, outputs: int = 0) -> dict[str, object]:
    return {"name": name, "max_input_channels": inputs, "max_output_channels": outputs}


WINDOWS = [
    device("Microphone (USB)", 1),
    device("Speakers (Realtek)", 0, 2),
    device("Headphones (USB)", 0, 2),
    device("Headphones (USB) [Loopback]", 2),
    device("Speakers (Realtek) [Loopback]", 2),
]
MAC = [device("MacBook Microphone", 1), device("MacBook Speakers", 0, 2), device("BlackHole 2ch", 2, 2)]
MAC_BARE = MAC[:2]
LINUX = [device("HDA Intel: ALC (hw:0,0)", 2, 2), device("pulse", 32, 32), device("default", 32, 32)]
ALOOP = [*LINUX, device("Loopback: PCM (hw:1,1)", 2, 2)]


@pytest.mark.parametrize(
    ("devices", "defaults", "wanted", "chosen"),
    [
        (WINDOWS, (0, 1), None, 4),
        (WINDOWS, (0, 2), None, 3),
        (WINDOWS, (0, 1), "headphones", 3),
        (MAC, (0, 1), None, 2),
        (MAC, (0, 1), "BlackHole", 2),
        (ALOOP, (0, 0), None, 3),
    ],
)
def test_system_takes_the_loopback_of_what_plays(
    devices: list[dict[str, object]], defaults: tuple[int, int], wanted: str | None, chosen: int
) -> None:
    assert choose_device("system", wanted, devices, defaults) == chosen


@pytest.mark.parametrize("wanted", [None, "microphone", "MacBook Microphone"])
@pytest.mark.parametrize(("devices", "defaults"), [(MAC_BARE, (0, 1)), (WINDOWS[:3], (0, 1)), ([], (-1, -1))])
def test_system_never_takes_a_microphone_however_it_is_called(
    devices: list[dict[str, object]], defaults: tuple[int, int], wanted: str | None
) -> None:
    with pytest.raises(BackendUnavailableError, match="there is no loopback device"):
        choose_device("system", wanted, devices, defaults)


@pytest.mark.parametrize(
    ("pulse_source", "is_taken"),
    [("@DEFAULT_MONITOR@", True), ("host.monitor", True), ("", False), ("alsa_input.usb", False)],
)
def test_the_plugin_of_alsa_is_a_loopback_only_when_it_is_told_to_record_a_monitor(
    pulse_source: str, is_taken: bool
) -> None:
    if is_taken:
        assert choose_device("system", None, LINUX, (0, 0), pulse_source) == 1
    else:
        with pytest.raises(BackendUnavailableError):
            choose_device("system", None, LINUX, (0, 0), pulse_source)


def test_the_microphone_is_the_default_input_or_the_one_that_is_named() -> None:
    assert choose_device("mic", None, WINDOWS, (0, 1)) == 0
    assert choose_device("mic", "usb", WINDOWS[:2], (-1, 1)) == 0


def test_a_loopback_that_is_the_default_input_is_no_microphone() -> None:
    with pytest.raises(BackendUnavailableError, match="there is no microphone"):
        choose_device("mic", None, WINDOWS, (4, 1))


def test_a_device_that_only_plays_records_nothing() -> None:
    with pytest.raises(BackendUnavailableError, match="called speakers"):
        choose_device("mic", "speakers", WINDOWS[:2], (0, 1))
