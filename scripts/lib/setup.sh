# shellcheck shell=bash disable=SC2034 # the lists at the end are for those who source it
# Sets up what wavry needs in this checkout. Sourced by the scripts beside it, after `cd` to the top of the checkout.
#
#   set_up_system PACKAGES...   system packages, on Debian and Ubuntu through apt; only what is missing
#   set_up_python EXTRAS        .venv with wavry and its Python packages; EXTRAS is "", "dev" or "leaks"
#
# Whatever is there already is left alone, so that a second run costs a few milliseconds.

VENV=.venv
STAMP=$VENV/set-up-for
MIN_PYTHON=3.11

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 3
}

# Print a Python that is new enough, if possible one that can make virtual environments; fail if there is none.
find_python() {
    local name found=
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null && is_new_enough "$name"; then
            found=${found:-$name}
            if can_make_venv "$name"; then
                found=$name
                break
            fi
        fi
    done
    [ -n "$found" ] && command -v "$found"
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

is_new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < (${MIN_PYTHON/./, }))" 2>/dev/null
}

# Whether a package of Debian or Ubuntu is installed.
has_package() {
    dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep --quiet --line-regexp installed
}

# Run a command as root; fails where that needs a password and nobody is there to type it.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        if [ -t 0 ]; then sudo "$@"; else sudo --non-interactive "$@"; fi
    else
        return 1
    fi
}

# Install system packages (names of Debian and Ubuntu) that are missing. Returns 1, after one line that says what to
# install, where that can't be done here.
set_up_system() {
    local package missing=() log
    command -v dpkg-query >/dev/null || return 1
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing system packages: ${missing[*]}"
    log=$(mktemp)
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install --yes --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 3 "$log" >&2
    rm -f "$log"
    say "that failed; as root: apt-get install ${missing[*]}"
    return 1
}

# Set PYTHON to an interpreter that can make virtual environments, installing one where that is possible.
require_python() {
    if ! PYTHON=$(find_python); then
        if command -v apt-cache >/dev/null; then
            set_up_system "python$MIN_PYTHON" "python$MIN_PYTHON-venv" || true
        fi
        PYTHON=$(find_python) || fail "no Python $MIN_PYTHON or later; install python$MIN_PYTHON (with its venv module)"
    fi
    if ! can_make_venv "$PYTHON"; then
        set_up_system "$("$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" ||
            fail "$PYTHON has no venv module; install python3-venv"
    fi
}

# What the environment was set up for: the declared packages, this place (an editable install points at it), extras.
setup_key() {
    "$1" -c 'import hashlib, os, sys
print(hashlib.sha256(open("pyproject.toml", "rb").read()).hexdigest(), os.getcwd())'
}

is_set_up() {
    local extras=$1
    [ -x $VENV/bin/python ] && [ -f $STAMP ] || return 1
    local key
    key=$(setup_key $VENV/bin/python 2>/dev/null) || return 1
    if [ -n "$extras" ]; then
        grep --quiet --fixed-strings --line-regexp "$key $extras" $STAMP
    else
        grep --quiet --fixed-strings "$key " $STAMP # any of them brings what wavry itself needs
    fi
}

set_up_python() {
    local extras=$1
    is_set_up "$extras" && return 0
    if ! $VENV/bin/python -m pip --version >/dev/null 2>&1 || ! is_new_enough $VENV/bin/python; then
        require_python
        say "making $VENV with $("$PYTHON" --version)"
        "$PYTHON" -m venv --clear $VENV
    fi
    local key kept
    key=$(setup_key $VENV/bin/python)
    kept=$(grep --fixed-strings "$key " $STAMP 2>/dev/null || true) # other extras of the same pyproject.toml
    rm -f $STAMP
    say "installing Python packages${extras:+ ($extras)}"
    # Twice quiet: errors only.
    $VENV/bin/python -m pip --disable-pip-version-check --quiet --quiet install --editable ".${extras:+[$extras]}" ||
        fail "pip could not install the packages that pyproject.toml names; its message is above"
    printf '%s\n' "${kept:+$kept
}$key $extras" >$STAMP
}

# Print the programs among the arguments that are not there.
missing_programs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || printf ' %s' "$program"
    done
}

# What capturing an X11 screen loads, and a screen where there is none.
X11_LIBRARIES=(libxcb1 libxcb-randr0 libxcb-render0 libxcb-shm0 libxcb-xfixes0)
VIRTUAL_SCREEN=(xvfb xfonts-base x11-xserver-utils)

# What tests type into and look with: xev, setxkbmap, a terminal, hands that are not ours, and clipboards.
X11_PROGRAMS=(x11-utils x11-xkb-utils xterm xdotool xclip xsel)

# Opus, PortAudio and the client of PulseAudio and PipeWire; without them there is no sound. And a sound server for tests.
SOUND_LIBRARIES=(libopus0 libportaudio2 libasound2-plugins libpulse0)
SOUND_SERVER=(pulseaudio pulseaudio-utils)

# A browser that is a client and looks at the dashboard, a JavaScript engine for its modules, and who reads /metrics.
BROWSER=(chromium nodejs wabt)
METRICS_READER=(prometheus)
