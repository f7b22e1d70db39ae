"""Builds the image of a node VM: Debian's packages on a disk, its kernel, keys for ssh, and the first programs of ours.

Two layers, each kept under a name made from all that goes into it. The image takes a minute: packages, kernel, keys.
What is ours goes into the initial ramdisk, which takes a moment and which every boot copies to its root disk.
Both are built in a directory of their own that gets its name when it is complete. No root is needed: mmdebstrap and
what follows it then run in a user namespace.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.node_vm.kept import digest, made
from tests.node_vm.recipe import (
    DEFAULT,
    RELEASE,
    Recipe,
    Unavailable,
    apt_options,
    candidates,
    kernel,
    missing,
    program,
    sources,
)  # fmt: skip

GUEST = Path(__file__).parent / "guest"
"""The programs of ours that run inside."""
REPOSITORY = Path(__file__).parents[2]
RAMDISK_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng")
"""What the guest needs to reach its root disk."""
CODE = ("core/__init__.py", "core/command.py", "executors/__init__.py", "executors/missing.py",
        "executors/real/__init__.py", "executors/real/processes.py")  # fmt: skip
"""The code of ours that runs a process in the guest, as it does on a real node."""
LEFT_OUT = ("man", "locale", "doc", "info", "lintian")
HOSTNAME = "node1"

FINISH = """
set -e
umask 022
mkdir root
trap 'rm -rf root' EXIT
tar --extract --file root.tar --directory root --exclude './dev/*'
rm -f root.tar
mkdir -p root/usr/lib/modules
cp -r kernel/lib/modules/$KERNEL root/usr/lib/modules/
[ -z "$EXTRA_MODULES" ] || cp -r "$EXTRA_MODULES" root/usr/lib/modules/$KERNEL/extra
[ -z "$EXTRA_FILES" ] || cp -rP "$EXTRA_FILES/." root/
chown -R 0:0 root/usr/lib/modules/$KERNEL
chroot root /sbin/depmod $KERNEL
cp root/usr/lib/modules/$KERNEL/modules.dep .
rm -f root/etc/ssh/ssh_host_*
cp host_key root/etc/ssh/ssh_host_ed25519_key
cp host_key.pub root/etc/ssh/ssh_host_ed25519_key.pub
mkdir -p -m 700 root/root/.ssh
cp key.pub root/root/.ssh/authorized_keys
cp sshd.conf root/etc/ssh/sshd_config.d/node-vm.conf
chown -R 0:0 root/root/.ssh root/etc/ssh
chmod 600 root/etc/ssh/ssh_host_ed25519_key root/root/.ssh/authorized_keys
echo $HOSTNAME >root/etc/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' $HOSTNAME >root/etc/hosts
: >root/etc/resolv.conf
: >root/etc/fstab
echo 0123456789abcdef0123456789abcdef >root/etc/machine-id
ln -s /usr/local/lib/node-vm/systemd-run.sh root/usr/bin/systemd-run
mkdir -p root/etc/docker root/var/lib/opensvc
mkfs.ext4 -q -L node-vm -E lazy_itable_init=1,lazy_journal_init=1 -d root root.img ${SIZE}M
"""
SSHD = "PermitRootLogin yes\nUseDNS no\nUsePAM no\nMaxStartups 100:30:200\nMaxSessions 100\n"


class Image(NamedTuple):
    """A built image. directory: root.qcow2, vmlinuz, key, known_hosts. initrd: the ramdisk with what is ours."""

    recipe: Recipe
    directory: Path
    initrd: Path
    kernel: str


def image(recipe: Recipe = DEFAULT, say: Callable[[str], None] = print) -> Image:
    """The image of a recipe, built where it is not there yet. Raises Unavailable with the reason."""
    if why := missing():
        raise Unavailable(why)
    extra = [Path(path) for path in (recipe.extra_modules, recipe.extra_files) if path]
    # What a VM is given when it runs does not make it another image.
    packed = recipe._replace(boot_modules=(), warm_modules=(), memory_mebibytes=0, processors=0)
    name = digest(packed, candidates(recipe), FINISH, SSHD, *extra)
    base = made("images", name, lambda directory: _build(recipe, directory, say))
    code = [REPOSITORY / file for file in CODE]
    name = digest(name, recipe.boot_modules, RAMDISK_MODULES, GUEST, *code)
    ramdisk = made("ramdisks", name, lambda directory: _ramdisk(recipe, base, directory))
    return Image(recipe, base, ramdisk / "initrd.img", _version(recipe))


def _version(recipe: Recipe) -> str:
    return kernel(recipe)[0].removeprefix("linux-image-")


def _run(directory: Path, *argv: str, seconds_max: int = 600, **variables: str) -> None:
    """Run a step of the build; what it said is shown when it fails."""
    ended = subprocess.run(
        argv,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds_max,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
        | variables,
    )
    if ended.returncode:
        raise Unavailable(f"{argv[0]} ended with {ended.returncode}:\n{ended.stdout[-3000:]}")


def _as_root() -> tuple[str, ...]:
    """The words that make an ordinary user root of a namespace in which all owners exist."""
    return () if os.geteuid() == 0 else ("unshare", "--user", "--map-auto", "--map-root-user", "--")


def _build(recipe: Recipe, directory: Path, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    say(f"building the image of a node VM ({recipe.name}): Debian {sources(recipe)[0].split()[2]}, {kernel(recipe)[0]}")
    version = _version(recipe)
    # As another user, apt could not write here.
    _run(directory, "apt-get", "-qq", "-o", "APT::Sandbox::User=", "download", "=".join(kernel(recipe)))
    _run(directory, "dpkg-deb", "--extract", str(next(directory.glob("linux-image-*.deb"))), "kernel")
    (directory / "sources.list").write_text("\n".join(sources(recipe)) + "\n", encoding="utf-8")
    _run(
        directory,
        *(program("mmdebstrap"), "--quiet", "--mode=auto", "--variant=minbase", "--architectures=amd64"),
        f"--include={','.join(recipe.packages)}",
        '--aptopt=APT::Install-Recommends "false"',
        *apt_options(),
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT),
        *(RELEASE, "root.tar", "sources.list"),
        seconds_max=recipe.build_seconds_max,
    )
    packages = time.monotonic() - began
    for name in ("key", "host_key"):
        _run(directory, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "node-vm", "-f", name)
    public = (directory / "host_key.pub").read_text(encoding="ascii")
    (directory / "known_hosts").write_text(f"node-vm {public}", encoding="ascii")
    (directory / "sshd.conf").write_text(SSHD, encoding="ascii")
    _run(
        directory, *_as_root(), "sh", "-c", FINISH, KERNEL=version, HOSTNAME=HOSTNAME, SIZE=str(recipe.disk_mebibytes),
        EXTRA_MODULES=recipe.extra_modules, EXTRA_FILES=recipe.extra_files,
    )  # fmt: skip
    _keep_for_ramdisk(directory, version)
    _run(directory, "qemu-img", "convert", "-O", "qcow2", "root.img", "root.qcow2")
    shutil.move(directory / f"kernel/boot/vmlinuz-{version}", directory / "vmlinuz")
    for name in ("root.img", "host_key", "host_key.pub", "sshd.conf", "sources.list"):
        (directory / name).unlink()
    for path in directory.glob("*.deb"):
        path.unlink()
    shutil.rmtree(directory / "kernel")
    seconds, mebibytes = time.monotonic() - began, (directory / "root.qcow2").stat().st_size >> 20
    facts = {"seconds": round(seconds, 1), "mebibytes": mebibytes, "packages": candidates(recipe)}
    (directory / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    say(f"built in {seconds:.0f} s ({packages:.0f} s of it packages): {mebibytes} MiB, {directory.parent}")


def _keep_for_ramdisk(directory: Path, version: str) -> None:
    """Copy the modules that the root disk is reached with, and the order to load them in."""
    below = directory / "kernel/lib/modules" / version
    needs: dict[str, tuple[str, list[str]]] = {}
    for line in (directory / "modules.dep").read_text(encoding="ascii").splitlines():
        path, _, others = line.partition(":")
        needs[Path(path).stem] = (path, others.split())
    order: list[str] = []
    for module in RAMDISK_MODULES:
        if module in needs:
            own, wanted = needs[module]
            order += [path for path in (*reversed(wanted), own) if path not in order]
    (directory / "modules").mkdir()
    for path in order:
        shutil.copy(below / path, directory / "modules")
    names = "\n".join(Path(path).name for path in order)
    (directory / "modules/order").write_text(names + "\n", encoding="ascii")


def _ramdisk(recipe: Recipe, base: Path, directory: Path) -> None:
    """Pack busybox, the modules that reach the root disk, and what is ours."""
    tree = directory / "tree"
    for name in ("bin", "dev", "proc", "new", "guest/code"):
        (tree / name).mkdir(parents=True)
    shutil.copy(program("busybox"), tree / "bin/busybox")
    shutil.copytree(base / "modules", tree / "modules")
    shutil.copy(GUEST / "initrd.sh", tree / "init")
    for name in ("init.sh", "systemd-run.sh"):
        shutil.copy(GUEST / name, tree / "guest" / name)
    shutil.copy(GUEST / "agent.py", tree / "guest/code/agent.py")
    (tree / "guest/modules.wanted").write_text(" ".join(recipe.boot_modules) + "\n", encoding="ascii")
    for name in CODE:
        (tree / "guest/code" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tree / "guest/code" / name)
    for path in tree.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.suffix in {".sh", ""} else 0o644)
    _run(tree, "sh", "-c", "find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 >../initrd.img")
    shutil.rmtree(tree)
