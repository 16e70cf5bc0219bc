#!/bin/sh
# Makes .venv and installs into it. The Makefile calls it where a stamp is missing or older than what is to be installed.
#
#   sh tools/setup.sh light     what `make show`, `make sql` and `make report` need; no PyTorch
#   sh tools/setup.sh full      everything that a benchmark needs
#   sh tools/setup.sh dev       the tools of tests and checks, on top of the full installation
#
# PYTHON=...  the interpreter to build on (3.11 or newer)        NO_UV=1  pip, also where uv is found
#
# Plain sh with no more than POSIX tools, so that it runs on Linux and macOS alike. What it says goes to standard error,
# so that the output of `make sql` and `make show` stays clean.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "set-up: $*"
    exit 1
}

stage=${1:-}
case $stage in
light | full | dev) ;;
*) fail "usage: sh tools/setup.sh light|full|dev" ;;
esac

new_enough() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
version_of() { "$1" -c 'import sys; print("Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null || echo "no Python at all"; }

# A version manager leaves a `python3.12` on the path that only prints an error: so each candidate is tried out.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null 2>&1 ||
            fail "PYTHON=$PYTHON: there is no such program; give the path of a Python 3.11 or newer"
        new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON is $(version_of "$PYTHON"); Python 3.11 or newer is needed"
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3 python3.12 python3.11 python3.13 python; do
        if new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed and none was found (python3 is $(version_of python3));" \
        "install one, or name yours with PYTHON=/path/to/python3"
}

# Two interpreters are the same when they are one release in one place; .venv/bin/python answers with what it is built on.
identity() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null || echo "none"; }

usable() {
    [ -x .venv/bin/python ] && new_enough .venv/bin/python || return 1
    [ -z "${PYTHON:-}" ] || [ "$(identity .venv/bin/python)" = "$(identity "$PYTHON")" ]
}

make_environment() {
    if [ -e .venv ] && [ ! -e .venv/pyvenv.cfg ] && [ -n "$(ls -A .venv)" ]; then
        fail ".venv is there and is no virtual environment; move it away"
    fi
    say "set-up: making .venv with $(version_of "$python")"
    # pip comes later and only where it is needed: without Debian's python3-venv this is the part that works.
    "$python" -m venv --clear --without-pip .venv >&2 ||
        fail "$python cannot make a virtual environment; on Debian and Ubuntu: sudo apt-get install python3-venv"
}

have_uv() { [ -z "${NO_UV:-}" ] && uv --version >/dev/null 2>&1; }

need_pip() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    .venv/bin/python -m ensurepip --upgrade >/dev/null 2>&1 && return
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip --python .venv/bin/python install --quiet pip >&2 && return
        fail "pip could not be installed into .venv, see above"
    fi
    fail "$python has neither ensurepip nor a pip that can lend itself; on Debian and Ubuntu:" \
        "sudo apt-get install python3-venv"
}

install() {
    if have_uv; then
        # Bytecode is compiled now, once; otherwise the first start pays for it, or each one where it may not be written.
        UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 \
            uv pip install --python .venv/bin/python --constraint constraints.txt "$@" >&2
    else
        need_pip
        .venv/bin/python -m pip install --disable-pip-version-check --constraint constraints.txt "$@" >&2
    fi || fail "the installation did not finish, see above; the same command goes on where it stopped"
}

has_torch() { ls -d .venv/lib/python*/site-packages/torch >/dev/null 2>&1; }

# Measured with the releases of constraints.txt; rounded up. On Linux nearly all of it is PyTorch with CUDA.
announce() {
    case $stage-$(uname -s) in
    light-*) download="0.1 GB" disk="0.5 GB" megabytes=500 ;;
    full-Darwin) download="0.25 GB" disk="1.2 GB" megabytes=1200 ;;
    full-*) download="2.8 GB" disk="6 GB" megabytes=6000 ;;
    *) download="0.15 GB" disk="0.5 GB" megabytes=500 ;;
    esac
    with=pip
    if have_uv; then with=uv; fi
    say "set-up: installing into .venv with $with: about $download to download (less where a cache has it)," \
        "$disk on disk. This happens once."
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    if [ "$free" -lt "$megabytes" ]; then
        say "set-up: only $free MB are free here; that may not be enough"
    fi
}

python=$(find_python)
usable || make_environment
if [ "$stage" = full ] && has_torch; then
    say "set-up: bringing .venv up to date"
elif [ "$stage" = light ] && [ -e .venv/.light ]; then
    say "set-up: bringing .venv up to date"
else
    announce
fi

case $stage in
light)
    .venv/bin/python tools/requirements.py light >.venv/light.txt
    install --requirement .venv/light.txt
    install --no-deps --editable .
    touch .venv/.light
    ;;
full)
    install --editable .
    touch .venv/.light .venv/.installed
    ;;
dev)
    .venv/bin/python tools/requirements.py dev >.venv/dev.txt
    install --requirement .venv/dev.txt
    touch .venv/.dev
    ;;
esac

# What the Makefile compares: another folder or another interpreter means another installation.
pwd -P >.venv/.folder
printf '%s\n' "${PYTHON:-}" >.venv/.python
