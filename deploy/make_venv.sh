#!/bin/sh
# Brings a virtual environment to exactly what its lock says: make_venv.sh folder lock version...
# Run by the Makefile, which sets UV and asks for it only when the lock is newer than the stamp.
set -eu
folder=$1 lock=$2
shift 2

python=$folder/bin/python
running=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)
case " $* " in
*" ${running:-none} "*) ;;
*)
    base=$(sh deploy/find_python.sh "$@")
    echo "→ $folder: Python $("$base" -c 'import sys; print(sys.version.split()[0])')"
    rm -rf "$folder"
    "$UV" venv --quiet --python "$base" "$folder"
    ;;
esac
echo "→ $folder: $lock"
"$UV" pip sync --quiet --python "$python" --require-hashes "$lock"
touch "$folder/.installed"
