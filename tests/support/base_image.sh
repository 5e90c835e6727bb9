#!/bin/sh
# Makes the root file system of a container from programs of this machine, because no image can be fetched in tests: a
# shell, what unpacks flwr, and the libraries that Deno needs.
#   base_image.sh FOLDER DENO
set -eu
root=$1
deno=$2
mkdir -p "$root/usr/bin" "$root/usr/local/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/tmp" \
  "$root/opt" "$root/var/lib" "$root/dev" "$root/proc" "$root/sys" "$root/run"
chmod 1777 "$root/tmp"
ln -s usr/bin "$root/bin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
for name in sh mkdir chown ln cat gzip head ls mktemp rm stat tail tar uname wc find sha256sum; do
  cp -L "$(command -v "$name")" "$root/usr/bin/"
done
stdcpp=$(ldconfig -p | sed -n 's/.*libstdc++.so.6 .*=> //p' | head -n 1)
{
  echo "$stdcpp"
  for file in "$root"/usr/bin/* "$deno" "$stdcpp"; do ldd "$file" | grep -o '/[^ ]*'; done
} | sort -u | while read -r library; do
  place=$root/usr${library#/usr}
  mkdir -p "$(dirname "$place")"
  cp -L "$library" "$place"
done
echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
