"""A node VM that knows ZFS: its modules are built here, from Debian's source for the kernel that the VM boots.

Debian has them in source only, and builds them on the machine that uses them. Here that is done once, in a chroot that
is gone afterwards: compiler, headers of the VM's kernel and source all come from the archive, so nothing has to be
installed on this machine, and no root is needed. It takes five minutes, and is kept under a name that says for which
kernel and from which source. `python -m tests.node_vm.zfs` builds; the lane `vm-zfs` does so where it is asked to.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.node_vm.build import ran
from tests.node_vm.kept import cache_directory, digest, made
from tests.node_vm.recipe import (
    DEFAULT,
    PACKAGES,
    RELEASE,
    Recipe,
    Unavailable,
    apt_options,
    kernel,
    missing,
    program,
    sources,
)  # fmt: skip

SOURCE = "zfs-dkms"
TOOLS = "zfsutils-linux"
KIND = "zfs"
"""Where they are kept, below the cache."""
NEEDS = ("gcc", "make", "autoconf", "automake", "libtool", "libelf-dev", "file", "gawk", "perl", "kmod")
"""What its build needs beside the headers."""
BUILD_SECONDS_MAX = 3600
FLAVOUR = "-cloud-amd64"

BUILD = f"""
set -e
cd /root
apt-get -qq -o APT::Sandbox::User= download {SOURCE}
dpkg-deb --extract {SOURCE}_*.deb source
dpkg-deb --field {SOURCE}_*.deb Version >version
cd source/usr/src/zfs-*
[ -x configure ] || sh autogen.sh
./configure --with-config=kernel --with-linux=/usr/src/linux-headers-${{KERNEL%{FLAVOUR}}}-common \\
    --with-linux-obj=/lib/modules/$KERNEL/build
make -j$(nproc)
mkdir /root/modules
find module -name '*.ko' -exec cp {{}} /root/modules/ \\;
strip --strip-debug /root/modules/*.ko
"""
"""What runs in the chroot; KERNEL is the version of the kernel that the modules are for."""

RECIPE = DEFAULT._replace(
    name="zfs",
    packages=(*PACKAGES, TOOLS),
    boot_modules=(*DEFAULT.boot_modules, "zfs"),
    components=("main", "contrib"),
    memory_mebibytes=1024,
)
"""The node VM with the tools, and their modules loaded; where they are is told by `recipe`."""


def name() -> str:
    """What the modules for the VM's kernel are kept as."""
    return f"{kernel(RECIPE)[0]}-{digest(kernel(RECIPE), sources(RECIPE), NEEDS, BUILD)}"


def recipe(*, builds: bool = False) -> Recipe:
    """The recipe of a VM with ZFS. Raises Unavailable where the modules are not built; `builds` builds them then."""
    if why := missing():
        raise Unavailable(why)
    place = cache_directory() / KIND / name()
    if not place.exists() and not builds:
        raise Unavailable("ZFS is not built for the VM's kernel (python -m tests.node_vm.zfs builds it: 5 minutes)")
    place = made(KIND, name(), lambda directory: _build(directory, print))
    return RECIPE._replace(extra_modules=str(place / "modules"))


def _build(directory: Path, say: Callable[[str], None]) -> None:
    began, version = time.monotonic(), kernel(RECIPE)[0].removeprefix("linux-image-")
    say(f"building the modules of ZFS for {version}")
    (directory / "build.sh").write_text(BUILD, encoding="utf-8")
    (directory / "modules").mkdir()
    (directory / "sources.list").write_text("\n".join(sources(RECIPE)) + "\n", encoding="utf-8")
    ran(
        directory,
        *(program("mmdebstrap"), "--quiet", "--mode=auto", "--variant=apt", "--architectures=amd64"),
        f"--include={','.join((*NEEDS, f'linux-headers-{version}'))}",
        '--aptopt=APT::Install-Recommends "false"',
        *apt_options(),
        "--customize-hook=copy-in build.sh /root",
        f'--customize-hook=chroot "$1" env KERNEL={version} sh /root/build.sh',
        "--customize-hook=sync-out /root/modules modules",
        "--customize-hook=download /root/version version",
        *(RELEASE, "/dev/null", "sources.list"),
        seconds_max=BUILD_SECONDS_MAX,
    )
    zfs = (directory / "version").read_text(encoding="ascii").strip()
    seconds = time.monotonic() - began
    facts = {"seconds": round(seconds, 1), "kernel": version, "zfs": zfs}
    (directory / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    say(f"built ZFS {zfs} in {seconds:.0f} s: {directory.parent}")


def main() -> int:
    """Build the modules."""
    try:
        print(recipe(builds=True).extra_modules)
    except Unavailable as error:
        print(f"no node VM with ZFS here: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
