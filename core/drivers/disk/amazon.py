"""disk.amazon: volumes of EC2, bought where the service file asks for them, and attached to this instance.

A volume is known to the others by its link, `/var/lib/opensvc/SERVICE/dev/disk.N.M` for volume M of disk#N: the name
that the kernel gives it differs from node to node, and from attachment to attachment.
"""

from collections.abc import Iterable

from core.command import Note, SetKey, Steps, UnsetKey
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver, Holding, Tie
from core.drivers import attachment, device_link, directories, ec2
from core.drivers.volumes import bare_sizes, complaint, described, is_specification, specification, word_complaint
from core.errors import CommandFailed, Failed, Refused, Remedy
from core.status import Remark, Status
from core.tools import aws, files


class AmazonDisk(Driver):
    """EBS volumes: created where `volumes` specifies them, and attached to this instance.

    A filesystem names them by their links, `{var}/{svcname}/dev/disk.N.M` for volume M of disk#N.
    """

    unique = ("volumes",)
    keywords = (
        Keyword(
            "volumes",
            "The volumes, separated by blanks: ids, and specifications `<key=value,...>` of volumes to be created "
            "(size, iops, availability-zone, snapshot, type, encrypted); the id then takes its place.",
            kind="words",
            required=True,
            syntax=complaint,
            each=word_complaint,
        ),
    )

    def label(self, disk: Resource) -> str:
        """Name the volumes."""
        return f"ec2 volumes {' '.join(disk.words('volumes'))}"

    def purpose(self, disk: Resource) -> str:
        """Say which volumes come from where, and how they are found."""
        words = disk.words("volumes")
        links = " and ".join(device_link.path(disk, position) for position in range(len(words)))
        return f"{' and '.join(described(word) for word in words)}, attached and linked as {links}"

    def gives(self, disk: Resource) -> Iterable[Tie]:
        """Each volume is a device, by its link."""
        return [Tie("device", device_link.path(disk, position)) for position in range(len(disk.words("volumes")))]

    def backing(self, disk: Resource) -> dict[str, str]:
        """Each link leads to a volume."""
        words = enumerate(disk.words("volumes"))
        return {device_link.path(disk, position): word for position, word in words if not is_specification(word)}

    def warnings(self, disk: Resource) -> Iterable[tuple[str, str]]:
        """Name the sizes without a unit."""
        return [("volumes", sentence) for sentence in bare_sizes(disk["volumes"])]

    def provision(self, disk: Resource) -> Steps:
        """Create what is only specified, one id written to the file after each; then attach everything."""
        here = yield from ec2.cloud(disk)
        words = disk.words("volumes")
        for position, word in enumerate(words):
            made = disk.made(f"volume.{position}")
            if not is_specification(word):
                if made is not None and made not in words:
                    raise _contradiction(disk, word, made)
                yield Note(f"volume {word} already provisioned")
                continue
            if made is None:
                words[position] = yield from self._created(disk, here, position, word)
            elif _says_again(disk, position):
                yield Note(f"volumes says {word} again, for which {made} was created", "warning")
                words[position] = made
            else:
                raise _contradiction(disk, word, made)
            yield SetKey(f"{disk.rid}.volumes", " ".join(words))
            if made is None:
                yield from attachment.available(here, words[position])
        yield Note("provisioned")
        yield from self.start(disk)

    def _created(self, disk: Resource, here: "ec2.Cloud", position: int, word: str) -> Steps:
        new = specification(word)
        if not new.zone:
            new = new._replace(zone=(yield from ec2.instance(here)).zone)
        name = f"volume.{position}"
        mark = yield from ec2.mark(disk, here, name)
        return (yield aws.create_volume(here.cli, f"{disk.rid}.{name}", new, mark)).made

    def start(self, disk: Resource) -> Steps:
        """Attach each volume, wait until the kernel has it, and let its link lead there."""
        words = disk.words("volumes")
        if missing := [word for word in words if is_specification(word)]:
            raise Failed(f"{disk.rid}: non allocated volumes: {' '.join(missing)}; provision the service first")
        here = yield from ec2.cloud(disk)
        volumes = yield from self._there(disk, here, words)
        for position, word in enumerate(words):
            volume = volumes[word]
            if volume.instance not in {"", here.instance}:
                raise Failed(f"{disk.rid}: {word} is attached to {volume.instance}; detach it there first")
            device = yield from attachment.attached(here, volume, f"{disk.rid}.attachment.{position}")
            yield from device_link.lead(disk, position, device)

    def _there(self, disk: Resource, here: "ec2.Cloud", words: list[str]) -> Steps:
        """Return the volumes of these ids. Raises Refused or Failed, naming the first that does not exist."""
        try:
            return aws.volumes((yield aws.describe_volumes(here.cli, *words)))
        except CommandFailed as error:
            if "InvalidVolume.NotFound" not in error.stderr:
                raise
        found = aws.volumes((yield aws.find_volumes(here.cli, volume_id=",".join(words))))
        word = next((each for each in words if each not in found), words[0])
        if word not in _recorded(disk, "volume").values():
            raise Failed(f"{disk.rid}: there is no volume {word}; is it one of this region and account?")
        raise Refused(
            f"{disk.rid}: the volume {word} was created for it, and does not exist any more",
            Remedy("to take back what is left, and the text of the file", f"svcmgr -s {disk.service.name} unprovision"),
        )

    def stop(self, disk: Resource) -> Steps:
        """Detach each volume, and wait until EC2 has let go of it."""
        words = [word for word in disk.words("volumes") if not is_specification(word)]
        here = yield from ec2.cloud(disk)
        mapped = (yield from ec2.instance(here)).mapped
        for position, word in enumerate(words):
            if word not in mapped:
                yield Note(f"{word} is already detached")
            else:
                yield from _detached(disk, here, word, mapped[word], position)

    def unprovision(self, disk: Resource) -> Steps:
        """Detach what was attached for us, delete what was created for us, and give the file its text back."""
        here = yield from ec2.cloud(disk)
        mapped = (yield from ec2.instance(here)).mapped
        created = _recorded(disk, "volume")
        attached = _recorded(disk, "attachment")
        for position, word in enumerate(disk.words("volumes")):
            if str(position) not in attached or word in created.values():
                continue
            if word in mapped:
                yield from _detached(disk, here, word, mapped[word], position)
            else:
                apart = aws.is_attached(here.cli, here.instance, word)._replace(absent=True)
                yield aws.forget(apart, f"{disk.rid}.attachment.{position}")
        for number, link in _recorded(disk, "link").items():
            yield files.remove(link, (f"{disk.rid}.link.{number}",))
        yield from directories.remove_made(disk, device_link.path(disk, 0).rpartition("/")[0])
        for number, volume in created.items():
            names = [f"{disk.rid}.volume.{number}"]
            if volume in mapped:
                yield from _detached(disk, here, volume, mapped[volume], number)
            elif number in attached:
                names.append(f"{disk.rid}.attachment.{number}")
            if found := aws.volumes((yield aws.find_volumes(here.cli, volume_id=volume))):
                if found[volume].state == "creating":
                    yield from attachment.available(here, volume)
                yield aws.delete_volume(here.cli, volume, tuple(names))
            else:
                yield Note(f"{volume} is gone already", "warning")
                yield aws.forget(aws.is_gone(here.cli, volume), *names)
        key, text = f"{disk.rid}.volumes", disk.origin("volumes")
        yield UnsetKey(key) if text is None else SetKey(key, text)

    def holds(self, disk: Resource) -> Steps:
        """The volumes that are attached here, their attachments and their links."""
        here = yield from ec2.cloud(disk)
        mapped = (yield from ec2.instance(here)).mapped
        words = [(position, word) for position, word in enumerate(disk.words("volumes")) if word in mapped]
        found = [Holding(f"volume.{position}", "volume", word) for position, word in words]
        found += [Holding(f"attachment.{position}", "attachment", word) for position, word in words]
        return [*found, *(yield from device_link.held(disk, [position for position, _ in words]))]

    def status(self, disk: Resource) -> Steps:
        """Up when all volumes are attached here, down when none is, warn between."""
        words = disk.words("volumes")
        here = yield from ec2.cloud(disk)
        known = [word for word in words if not is_specification(word)]
        found = aws.volumes((yield aws.find_volumes(here.cli, volume_id=",".join(known)))) if known else {}
        if missing := [word for word in words if word not in found]:
            return Status("warn", (Remark(f"non allocated volumes: {' '.join(missing)}"),))
        apart = [word for word in words if not found[word].is_attached_to(here.instance)]
        if not apart:
            return Status("up")
        return Status("down") if apart == words else Status("warn", (Remark(f"unattached: {' '.join(apart)}"),))


def _detached(disk: Resource, here: "ec2.Cloud", volume: str, device: str, position: int | str) -> Steps:
    name, link = f"{disk.rid}.attachment.{position}", device_link.path(disk, position)
    yield from attachment.detached(here, volume, device, name, link)


def _recorded(disk: Resource, what: str) -> dict[str, str]:
    """The things of one sort that the record has for this disk, by what follows the sort in their names."""
    prefix = f"{disk.rid}.{what}."
    made = disk.service.record.made
    return {name.removeprefix(prefix): thing.identity for name, thing in made.items() if name.startswith(prefix)}


def _says_again(disk: Resource, position: int) -> bool:
    """Tell whether the file has the text at this place again that it had before the volume was created."""
    now, before = disk.raw("volumes") or "", disk.origin("volumes") or ""
    return now == before or now.split()[position : position + 1] == before.split()[position : position + 1]


def _contradiction(disk: Resource, word: str, made: str) -> Refused:
    return Refused(
        f"{disk.rid}.volumes says {word}, but {made} was created there (for {disk.origin('volumes')})",
        f"write {made} again, or unprovision the service first",
        Remedy("to unprovision it", f"svcmgr -s {disk.service.name} unprovision"),
    )


driver = AmazonDisk()
