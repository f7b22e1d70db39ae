"""What a node VM is made of, as a value: a variant of it is another value (`DEFAULT._replace(name="zfs", ...)`)."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.node_vm.kept import digest, made

RELEASE = "bookworm"
PACKAGES = (
    *("lvm2", "thin-provisioning-tools", "dmsetup", "mdadm", "btrfs-progs", "xfsprogs", "e2fsprogs", "dosfstools"),
    *("mount", "util-linux", "fdisk", "parted", "udev", "kmod", "psmisc", "procps", "curl", "ca-certificates"),
    *("iproute2", "net-tools", "iputils-arping", "iputils-ping", "openssh-server", "python3", "busybox-static"),
    *("docker.io", "iptables"),
)
BOOT_MODULES = ("dm-mod", "loop", "virtio_scsi", "sd_mod")
"""The kernel's modules that are loaded when a node boots. The others are on its disk, and come when they are needed."""
WARM_MODULES = (
    *("raid0", "raid1", "raid456", "raid10", "linear", "dm-raid", "dm-thin-pool", "dm-snapshot", "dm-mirror"),
    *("btrfs", "xfs", "overlay", "bridge", "br_netfilter", "veth", "dummy"),
)
"""Those that are loaded, too, before a snapshot is taken: nobody has to wait for them after that."""
NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "mkfs.ext4": "e2fsprogs",
    "setpriv": "util-linux",
    "socat": "socat",
}
NEEDED_UNPRIVILEGED = {"newuidmap": "uidmap", "unshare": "util-linux"}
SBIN = "/usr/sbin:/sbin"
"""Where Debian has what an ordinary user's PATH does not name."""


class Recipe(NamedTuple):
    """What one kind of node VM is made of.

    packages: Debian packages, with what they depend on. kernel: the package that names the kernel.
    boot_modules, warm_modules: what is loaded when it boots, and before its snapshot is taken.
    warm_up: lines of shell that have to succeed before the snapshot is taken: what starts its daemons.
    extra_modules: a directory with modules built elsewhere (ZFS).
    extra_files: a directory that is laid over the root filesystem. disk_mebibytes: what the root filesystem can hold.
    memory_mebibytes, processors: of each VM. build_seconds_max: how long the packages may take.
    """

    name: str = "node"
    packages: tuple[str, ...] = PACKAGES
    kernel: str = "linux-image-cloud-amd64"
    boot_modules: tuple[str, ...] = BOOT_MODULES
    warm_modules: tuple[str, ...] = WARM_MODULES
    warm_up: str = ""
    extra_modules: str = ""
    extra_files: str = ""
    components: tuple[str, ...] = ("main",)
    disk_mebibytes: int = 6144
    memory_mebibytes: int = 768
    processors: int = 1
    build_seconds_max: int = 900


DEFAULT = Recipe(packages=(*PACKAGES, "nfs-kernel-server"))
"""What has a lane of its own needs no server of NFS."""


class Unavailable(Exception):
    """No VM can be made here; the text says why, and the remedy."""


def program(name: str) -> str:
    """Where a program is."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
    if found is None:
        raise Unavailable(f"{name} is not installed (apt-get install {(NEEDED | NEEDED_UNPRIVILEGED)[name]})")
    return found


def missing() -> str:
    """Say why no VM can be made or run on this machine; empty when one can."""
    wanted = NEEDED if os.geteuid() == 0 else NEEDED | NEEDED_UNPRIVILEGED
    absent = [
        name for name in wanted if shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}") is None
    ]
    if absent:
        packages = " ".join(sorted({wanted[name] for name in absent}))
        return f"not installed: {', '.join(absent)} (apt-get install {packages})"
    try:
        known = sources(DEFAULT)
    except Unavailable as error:
        return str(error)
    if not known:
        return f"apt knows no archive of Debian's {RELEASE} here (is it in the sources? has `apt-get update` been run?)"
    return ""


def asked(*argv: str) -> str:
    """What a program that only answers has to say; nothing where it fails."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment).stdout


APT_STATE = (
    "/var/lib/apt/lists",
    "/etc/apt",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/etc/apt/preferences.d",
)
"""What apt's answers come from. They take a second each to be found."""


def asked_apt(*argv: str) -> str:
    """What apt has to say, kept as long as it would say the same."""
    state = [(path, Path(path).stat().st_mtime_ns) for path in APT_STATE if Path(path).exists()]
    state += [(str(path), path.stat().st_mtime_ns) for path in sorted(Path("/etc/apt").rglob("*.sources"))]
    return (made("apt", digest(state, argv), lambda place: _keep(place / "said", argv)) / "said").read_text("utf-8")


def _keep(file: Path, argv: tuple[str, ...]) -> None:
    said = asked(*argv)
    if not said:
        # Of that there may be another cause than what it comes from; the next one is to ask again.
        raise Unavailable(f"apt does not answer `{' '.join(argv[:3])} ...` (has `apt-get update` been run?)")
    file.write_text(said, encoding="utf-8")


@cache
def sources(recipe: Recipe) -> tuple[str, ...]:
    """The archives of the release that this machine installs from, as lines for apt."""
    if shutil.which("apt-get") is None:
        return ()
    said = asked_apt("apt-get", "indextargets", "--format", "$(CREATED_BY)|$(ORIGIN)|$(RELEASE)|$(REPO_URI)")
    found = {tuple(line.split("|")) for line in said.splitlines()}
    return tuple(
        f"deb {uri} {release} {' '.join(recipe.components)}"
        for created, origin, release, uri in sorted(found)
        if created == "Packages" and origin == "Debian" and release.startswith(RELEASE)
    )


@cache
def apt_options() -> tuple[str, ...]:
    """How this machine reaches its archives (a proxy, a mirror whose dates are old), as options of mmdebstrap."""
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries")
    lines = [line for line in asked("apt-config", "dump").splitlines() if line.startswith(wanted)]
    return tuple(f"--aptopt={line.rstrip(';')}" for line in lines if not line.endswith('"";'))


@cache
def kernel(recipe: Recipe) -> tuple[str, str]:
    """The package that has the kernel, and its version."""
    said = asked_apt("apt-cache", "show", "--no-all-versions", recipe.kernel)
    depends = next((line for line in said.splitlines() if line.startswith("Depends: ")), "")
    name, _, version = depends.removeprefix("Depends: ").partition(" (= ")
    if not name.startswith("linux-image-"):
        raise Unavailable(f"apt knows no kernel {recipe.kernel} here (has `apt-get update` been run?)")
    return name, version.partition(")")[0]


@cache
def candidates(recipe: Recipe) -> tuple[str, ...]:
    """`PACKAGE=VERSION` of everything that would be installed now."""
    said, name, found = asked_apt("apt-cache", "policy", *recipe.packages), "", []
    for line in said.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            name = line.removesuffix(":")
        elif line.startswith("  Candidate: "):
            found.append(f"{name}={line.removeprefix('  Candidate: ')}")
    return (*sorted(found), "=".join(kernel(recipe)))
