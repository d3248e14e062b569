#!/usr/bin/env bash
# libfaketime in a folder of its own, out of this Debian's packages: `faketime.sh FOLDER`.
#
# By an apt with a state of its own, as for the JDK. The system's packages stay as they are, and no rights are needed
# beyond writing to FOLDER.
set -euo pipefail

folder=$(realpath -m "$1")

for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "There is no $tool here: this way to libfaketime is Debian's." >&2
        exit 1
    }
done

rm -rf "$folder.part"
mkdir -p "$folder.part/packages" "$folder.part/lists/partial"
trap 'rm -rf "$folder.part"' EXIT
cd "$folder.part/packages"
apt=(apt-get -qq -o "Dir::State::Lists=$folder.part/lists" -o Acquire::Languages=none
    -o Acquire::Retries=3 -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" download libfaketime
dpkg-deb --fsys-tarfile libfaketime_*.deb | tar -x -C ..

rm -rf "$folder"
mkdir -p "$folder"
mv ../usr/lib/*/faketime/libfaketime.so.1 "$folder/"
