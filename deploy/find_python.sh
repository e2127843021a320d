#!/bin/sh
# Prints the path of a Python of the first of the given versions that is here and really runs.
#
#   sh deploy/find_python.sh 3.10              on PATH, then under pyenv
#   NEEDS=ensurepip sh deploy/find_python.sh … also able to import the module named
#   UV=.uv/bin/uv sh deploy/find_python.sh …   fetched by uv when none is found
#
# pyenv's shims are on PATH even for versions that are not chosen, and then answer 127: so every
# candidate is run, and what it calls itself is what is printed.
set -u

path_of() { # candidate version -> its path, when it runs and is that version
    "$1" -c "import sys, venv, ${NEEDS:-sys}
version = sys.version.split()[0]
version.startswith('$2.') and print(sys.executable)" 2>/dev/null
}

for version; do
    found=$(path_of "python$version" "$version")
    if [ -z "$found" ]; then
        for candidate in $(ls "${PYENV_ROOT:-$HOME/.pyenv}/versions" 2>/dev/null | grep "^$version\.[0-9]*$" | sort -t. -k3,3nr); do
            found=$(path_of "${PYENV_ROOT:-$HOME/.pyenv}/versions/$candidate/bin/python" "$version")
            [ -n "$found" ] && break
        done
    fi
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        exit 0
    fi
done

if [ -n "${UV:-}" ]; then
    echo "No Python $1 found here; asking uv to fetch it." >&2
    if "$UV" python install --quiet "$1" >&2; then
        found=$("$UV" python find --managed-python "$1" 2>/dev/null)
        if [ -n "$found" ]; then
            printf '%s\n' "$found"
            exit 0
        fi
    fi
fi

cat >&2 <<END
没有找到 Python $1 / No Python $1 was found (looked for: $*).
Install it and run make again, for example with one of:
    pyenv install $1                  (any system)
    sudo apt-get install python$1     (Debian, Ubuntu; older releases: the deadsnakes repository)
    brew install python@$1            (macOS)
END
exit 1
