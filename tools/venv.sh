#!/bin/sh
# Makes the environment VENV, or says in a sentence why an old one or every Python does not do.
#
#   tools/venv.sh VENV [PYTHON]
#
# PYTHON is the one to use; without it the first of those below that fits is taken. It is called at
# each `make run` and `make test`, so an environment of another Python is noticed, too. Nothing that
# was there before is ever removed, and a half-made environment is.
set -u

venv=$1
wanted=${2:-}
needs="Sounding Board needs Python 3.11, 3.12 or 3.13"
# 3.11 and 3.12 come first: laion-clap has no place on 3.13.
candidates=${wanted:-python3.11 python3.12 python3.13 python3 python}

version_of() {
  "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

fits() {
  case $1 in
    3.11.* | 3.12.* | 3.13.*) true ;;
    *) false ;;
  esac
}

stop() {
  echo "$*" >&2
  exit 1
}

again="remove it (rm -r $venv) and run make again"
if [ -e "$venv" ] || [ -L "$venv" ]; then
  has=$(version_of "$venv/bin/python") || stop "$venv has no Python that runs: $again."
  fits "$has" || stop "$needs; $venv has Python $has: $again."
  "$venv/bin/python" -c 'import pip' 2>/dev/null || stop "$venv is half made, it has no pip: $again."
  if [ -n "$wanted" ]; then
    asked=$(version_of "$wanted") || stop "$needs; PYTHON=$wanted does not run."
    [ "${asked%.*}" = "${has%.*}" ] ||
      stop "$venv has Python $has and PYTHON=$wanted is $asked: $again, or add VENV=another-folder."
  fi
  exit 0
fi

found=
bare=
for python in $candidates; do
  version=$(version_of "$python") || continue
  found="$found${found:+, }$python $version"
  fits "$version" || continue
  # Debian's Pythons import venv, but not what puts pip into it, until python3-venv is there.
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    bare=${bare:-"$python $version"}
    continue
  fi
  echo "Making $venv with $python $version"
  trap 'rm -rf "$venv"' EXIT
  trap 'exit 130' INT TERM HUP
  "$python" -m venv "$venv" || stop "$python -m venv $venv failed, and nothing of it was kept."
  trap - EXIT
  exit 0
done

if [ -n "$bare" ]; then
  number=${bare##* }
  stop "Found $bare, which cannot make an environment: its package venv is missing." \
    "On Debian and Ubuntu: apt install python3-venv (or python${number%.*}-venv), then run make again."
fi
if [ -n "$wanted" ] && [ -z "$found" ]; then
  stop "$needs; PYTHON=$wanted does not run."
fi
stop "$needs; found ${found:-no Python}. With one elsewhere: make run PYTHON=/its/path/python3.13"
