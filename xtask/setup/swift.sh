#!/usr/bin/env bash
# A Swift toolchain in a folder of its own, out of Debian's packages: `swift.sh FOLDER`.
#
# Debian 12 has no Swift, its successor has. This asks apt for that release's packages with a state
# of its own, unpacks them into FOLDER, and makes them runnable there: every program gets the
# folder's own loader, every library the folder's own path. The system's packages stay as they are,
# and no rights are needed beyond writing to FOLDER.
#
# Afterwards: SDKROOT=FOLDER PATH=FOLDER/usr/libexec/swift/bin:$PATH swift test
set -euo pipefail

release=trixie
folder=$(realpath -m "$1")
machine=$(uname -m)

for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "There is no $tool here: this way to a Swift toolchain is Debian's. Install Swift 6 from" \
             "swift.org and put it on the PATH instead." >&2
        exit 1
    }
done

# The mirror that this machine uses already.
mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
    grep -Eo 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)
[ -n "$mirror" ] || { echo "No Debian mirror among this machine's apt sources." >&2; exit 1; }

rm -rf "$folder.part"
mkdir -p "$folder.part"
work=$(mktemp -d "$folder.part/apt.XXXXXX")
trap 'rm -rf "$folder.part"' EXIT

# 1. The packages, by an apt that knows nothing of this system.
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
: >"$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$work/sources.list"
apt=(apt-get -qq
    -o "Dir::State=$work/state" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
    -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
    -o Acquire::Languages=none -o Acquire::Retries=3
    -o APT::Install-Recommends=false -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" --download-only --yes install swiftlang libc6-dev libstdc++-14-dev patchelf

# 2. Unpacked, but for what neither compiles nor runs a package.
unused=(
    './usr/share/doc*' './usr/share/man*' './usr/share/locale*' './usr/share/lintian*' './usr/share/perl*'
    '*/libexec/swift/bin/lldb*' '*/libexec/swift/bin/repl_swift' '*/libexec/swift/bin/clangd*'
    '*/libexec/swift/bin/sourcekit-lsp' '*/libexec/swift/bin/docc' '*/libexec/swift/lib/liblldb*'
    '*/libexec/swift/lib/libsourcekitdInProc*' '*/lib/swift_static*' '*/lib/swift/embedded*'
    '*/libexec/swift/lib/python*'
)
excludes=()
for pattern in "${unused[@]}"; do excludes+=("--exclude=$pattern"); done
for package in "$work"/cache/archives/*.deb; do
    case $(basename "$package") in
    debconf_* | perl* | libpython* | python* | tzdata_* | libdb5* | media-types_*) continue ;;
    esac
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$folder.part" "${excludes[@]}"
done
rm -rf "$work"

# 3. Runnable where it is. Debian's own merged folders first, so that /lib means /usr/lib.
root=$folder.part
for name in bin sbin lib lib64; do
    if [ -d "$root/$name" ] && [ ! -L "$root/$name" ]; then
        cp -a "$root/$name/." "$root/usr/$name/" && rm -rf "${root:?}/$name"
    fi
    [ -e "$root/$name" ] || ln -s "usr/$name" "$root/$name"
done
triplet=$machine-linux-gnu
libraries=$folder/usr/lib/$triplet:$folder/usr/libexec/swift/lib/swift/linux:$folder/usr/libexec/swift/lib/swift/host:$folder/usr/libexec/swift/lib
loader=$(cd "$root" && ls usr/lib/"$triplet"/ld-linux-*.so.* usr/lib64/ld-linux-*.so.* 2>/dev/null | head -n 1)
[ -n "$loader" ] || { echo "The packages brought no loader." >&2; exit 1; }
# patchelf comes from the same packages, and is run by their loader before anything is patched.
cp "$root/usr/bin/patchelf" "$root/patchelf"
patch() { "$root/$loader" --library-path "$root/usr/lib/$triplet" "$root/patchelf" "$@" 2>/dev/null; }
find "$root/usr/libexec/swift" "$root/usr/bin" "$root/usr/libexec/gcc" -type f 2>/dev/null | while read -r file; do
    case $(head -c 4 "$file" | tr -d '\0') in $'\177ELF') ;; *) continue ;; esac
    if patch --print-interpreter "$file" >/dev/null; then
        patch --set-interpreter "$folder/$loader" --force-rpath --set-rpath "$libraries" "$file"
    else
        case $file in *.so | *.so.*) patch --force-rpath --set-rpath "$libraries" "$file" || true ;; esac
    fi
done
rm "$root/patchelf"
# What this clang builds runs with the same loader and libraries, and finds the folder's headers.
for name in clang clang++; do
    cat >"$root/usr/libexec/swift/bin/$name.cfg" <<CONFIG
--sysroot=$folder
-Wl,--dynamic-linker=$folder/$loader
-Wl,--disable-new-dtags
-Wl,-rpath,$folder/usr/lib/$triplet
-Wl,-rpath,$folder/usr/libexec/swift/lib/swift/linux
CONFIG
done

rm -rf "$folder"
mv "$root" "$folder"
trap - EXIT
"$folder/usr/libexec/swift/bin/swift" --version
