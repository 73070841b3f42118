#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Boots the distribution's systemd with one unit, on an overlay of / in namespaces of its own: nothing of the host changes
# but the folder OUT, which the booted system sees as /out. The network is the host's, so that the tests' servers on
# loopback are reached. Ends when the manager is told to exit.
# usage: unshare --fork --kill-child --pid --mount --cgroup --ipc --uts sh boot_systemd.sh OUT UNIT [SOURCE:TARGET]...
# OUT/console gets what systemd says; OUT/tree must be an empty folder. TARGET shows the folder SOURCE, read-only.
set -eu
out=$1 unit=$2; shift 2
base=$out/tree; new=$base/overlay
mount -t tmpfs -o size=2g,mode=755 tmpfs "$base"
mkdir "$base/upper" "$base/work" "$new"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$new"
mount -t proc proc "$new/proc"
# As a container has it: no service that starts on the way may change the host's kernel.
mount --bind "$new/proc/sys" "$new/proc/sys"; mount -o remount,ro,bind "$new/proc/sys"
for folder in sys run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$new/$folder"; done
chmod 1777 "$new/tmp"
mkdir -p "$new/sys/fs/cgroup" "$new/run/systemd" "$new/dev/shm" "$new/dev/pts" "$new/dev/mqueue" "$new/out"
mount -t cgroup2 cgroup2 "$new/sys/fs/cgroup"
# All that PrivateDevices= clones; the log of the kernel is the null device, since it would be the host's.
node() { mknod -m 666 "$new/dev/$1" c "$2" "$3"; }
node null 1 3; node zero 1 5; node full 1 7; node random 1 8; node urandom 1 9; node tty 5 0; node kmsg 1 3
mount -t devpts -o newinstance,ptmxmode=666 devpts "$new/dev/pts"; ln -s pts/ptmx "$new/dev/ptmx"
chmod 1777 "$new/dev/shm"
: >"$out/console"; : >"$new/dev/console"; mount --bind "$out/console" "$new/dev/console"
mount --bind "$out" "$new/out"
for pair in "$@"; do
    mkdir -p "$new/${pair#*:}"; mount --bind "${pair%%:*}" "$new/${pair#*:}"; mount -o remount,ro,bind "$new/${pair#*:}"
done
# Nothing of the host's own services, and nothing that looks for devices, which are not here.
rm -f "$new"/etc/systemd/system/*.wants/*
for name in systemd-udevd systemd-udev-trigger systemd-remount-fs systemd-sysctl systemd-modules-load systemd-binfmt \
    systemd-tmpfiles-setup systemd-tmpfiles-setup-dev systemd-tmpfiles-setup-dev-early systemd-random-seed \
    systemd-timesyncd systemd-update-utmp ldconfig; do
    ln -sf /dev/null "$new/etc/systemd/system/$name.service"
done
cp "$unit" "$new/etc/systemd/system/"
# pivot_root, not chroot: in a chroot PrivateUsers= fails with 217/USER.
cd "$new"; mkdir old; mount --make-rprivate /; pivot_root . old; cd /; umount -l /old
# LoadCredential= mounts in a namespace of its own and relies on its being seen here.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --system \
    --unit="$(basename "$unit")" --log-target=journal --show-status=0
