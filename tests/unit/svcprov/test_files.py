"""Files are kept whole, whatever the disk does."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem

from core.command import Command, Makes
from core.config.document import Document
from core.errors import Failed, UsageError
from core.record import MadeThing
from svcprov.files import ServiceFiles
from svcprov.replace import replace, unwritable

CONF = "[DEFAULT]\n\n[disk#0]\ntype = loop\nfile = /srv/a\nsize = 1G\n"


@pytest.fixture
def disk(fs: FakeFilesystem, monkeypatch: pytest.MonkeyPatch) -> FakeFilesystem:
    """An empty file system with the places of svcprov."""
    import core.drivers.disk.loop  # noqa: F401 - drivers are found on the real disk

    monkeypatch.setenv("OSVCETC", "/etc/opensvc")
    monkeypatch.setenv("OSVCVAR", "/var/lib/opensvc")
    fs.create_file("/etc/opensvc/web.conf", contents=CONF)
    return fs


def text_of(path: str) -> str:
    """The content of a file."""
    return Path(path).read_text(encoding="utf-8")


def mode_of(path: str) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_a_new_file_has_the_given_mode(disk: FakeFilesystem) -> None:
    """A file that was not there gets the mode that is asked for."""
    replace("/etc/opensvc/new", b"text", 0o640)
    assert (text_of("/etc/opensvc/new"), mode_of("/etc/opensvc/new")) == ("text", 0o640)


def test_a_replaced_file_keeps_its_mode(disk: FakeFilesystem) -> None:
    """A file that was there keeps its mode."""
    Path("/etc/opensvc/web.conf").chmod(0o600)
    replace("/etc/opensvc/web.conf", b"text", 0o640)
    assert mode_of("/etc/opensvc/web.conf") == 0o600


def test_a_link_stays_and_its_target_is_replaced(disk: FakeFilesystem) -> None:
    """A service file that is a link into a Git checkout stays one."""
    disk.create_file("/git/web.conf", contents=CONF)
    disk.create_symlink("/etc/opensvc/linked.conf", "/git/web.conf")
    replace("/etc/opensvc/linked.conf", b"text", 0o640)
    assert str(Path("/etc/opensvc/linked.conf").readlink()) == "/git/web.conf"
    assert text_of("/git/web.conf") == "text"


def test_nothing_is_left_beside_it(disk: FakeFilesystem) -> None:
    """Replacing a file leaves no temporary one."""
    replace("/etc/opensvc/web.conf", b"text", 0o640)
    assert [path.name for path in Path("/etc/opensvc").iterdir()] == ["web.conf"]


def test_a_full_disk_leaves_the_old_file(disk: FakeFilesystem) -> None:
    """When no space is left the old file is as it was, the temporary one is gone, and the error names the file."""
    disk.set_disk_usage(200)
    with pytest.raises(Failed, match=r"/etc/opensvc/web\.conf: .*it could not be written, and is as it was"):
        replace("/etc/opensvc/web.conf", b"x" * 1000, 0o640)
    assert text_of("/etc/opensvc/web.conf") == CONF
    assert [path.name for path in Path("/etc/opensvc").iterdir()] == ["web.conf"]


def test_a_read_only_file_is_known_beforehand(disk: FakeFilesystem) -> None:
    """A file without write bits is not replaced, although its directory would allow it; the remedy is named."""
    Path("/etc/opensvc/web.conf").chmod(0o440)
    assert "chmod u+w" in (unwritable("/etc/opensvc/web.conf") or "")


def test_a_read_only_directory_is_known_beforehand(disk: FakeFilesystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system that takes no writes that is said before anything is done."""
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode & os.W_OK and path.startswith("/etc")))
    files = ServiceFiles("web")
    with pytest.raises(Failed, match=r"/etc/opensvc cannot be written to.*nothing was changed"):
        files.check_writable()


def test_what_somebody_else_wrote_is_not_overwritten(disk: FakeFilesystem) -> None:
    """A service file that changed since it was read is named, and left alone."""
    files = ServiceFiles("web")
    service = files.load("node1")
    Path("/etc/opensvc/web.conf").write_text(CONF + "# mine\n", encoding="utf-8")
    service.set("disk#0.size", "2G")
    with pytest.raises(Failed, match="changed by somebody else"):
        files.save_file()
    assert text_of("/etc/opensvc/web.conf") == CONF + "# mine\n"


@pytest.mark.parametrize("there", [False, True])
def test_a_link_that_appeared_meanwhile_is_not_written_through(disk: FakeFilesystem, there: bool) -> None:  # noqa: FBT001
    """A new service file that finds a link in its place, to a file or to nothing, leaves both alone."""
    files = ServiceFiles("new")
    files.serve(Document(CONF), "node1")
    if there:
        disk.create_file("/theirs", contents="theirs")
    disk.create_symlink("/etc/opensvc/new.conf", "/theirs")
    with pytest.raises(Failed, match="changed by somebody else"):
        files.save_file()
    assert (Path("/theirs").exists(), Path("/etc/opensvc/new.conf").is_symlink()) == (there, True)
    assert not there or text_of("/theirs") == "theirs"


def test_a_second_save_follows_the_first(disk: FakeFilesystem) -> None:
    """What we wrote ourselves is no change by somebody else."""
    files = ServiceFiles("web")
    service = files.load("node1")
    for size in ("2G", "3G"):
        service.set("disk#0.size", size)
        files.save_file()
    assert "size = 3G" in text_of("/etc/opensvc/web.conf")


def test_the_record_comes_back_as_it_was_saved(disk: FakeFilesystem) -> None:
    """Saved and loaded again, a record lists the same things."""
    files = ServiceFiles("web")
    service = files.load("node1")
    files.journal_begins({"action": "provision"})
    service.record.made["disk#0.file"] = MadeThing("file", "/srv/a", "disk#0", "provision")
    files.save_record()
    assert ServiceFiles("web").load("node1").record.made == service.record.made


def test_a_record_that_has_not_changed_is_not_written_again(disk: FakeFilesystem) -> None:
    """The file stays the same one until the record changes, or until it is gone."""
    files = ServiceFiles("web")
    service = files.load("node1")
    files.journal_begins({"action": "provision"})
    service.record.made["disk#0.file"] = MadeThing("file", "/srv/a", "disk#0", "provision")
    files.save_record()
    path = "/var/lib/opensvc/web/record.json"
    first = disk.get_object(path)
    files.save_record()
    assert disk.get_object(path) is first
    service.record.made["fs#0.filesystem"] = MadeThing("filesystem", "uuid-1", "fs#0", "provision")
    files.save_record()
    assert disk.get_object(path) is not first
    disk.remove_object(path)
    files.save_record()
    assert ServiceFiles("web").load("node1").record.made == service.record.made


def test_a_damaged_record_is_not_guessed_at(disk: FakeFilesystem) -> None:
    """A record that is not one is an error with its path."""
    disk.create_file("/var/lib/opensvc/web/record.json", contents="{")
    with pytest.raises(Exception, match=r"/var/lib/opensvc/web/record\.json: this is not JSON"):
        ServiceFiles("web").load("node1")


def test_journal_lines_come_back(disk: FakeFilesystem) -> None:
    """What was written into the journal is what is read, in order."""
    files = ServiceFiles("web")
    files.journal_begins({"action": "provision"})
    files.journal_line({"fresh": "x", "value": "«»"})
    assert ServiceFiles("web").journal_lines() == [{"action": "provision"}, {"fresh": "x", "value": "«»"}]


def test_the_journal_before_is_kept(disk: FakeFilesystem) -> None:
    """A new journal leaves the one before it beside it."""
    files = ServiceFiles("web")
    files.journal_begins({"action": "provision"})
    files.journal_begins({"action": "stop"})
    assert json.loads(text_of("/var/lib/opensvc/web/journal.jsonl.1"))["action"] == "provision"
    assert files.journal_lines() == [{"action": "stop"}]


@pytest.mark.parametrize("torn", ['{"of": 0, "sta', '{"of": 0, "state": "done"}', '{"of"\n'])
def test_a_torn_last_line_is_left_out_and_said(disk: FakeFilesystem, torn: str) -> None:
    """A crash in the middle of a line loses that line only; it is told, and the next line stands by itself."""
    disk.create_file("/var/lib/opensvc/web/journal.jsonl", contents=f'{{"action": "provision"}}\n{torn}')
    files = ServiceFiles("web")
    assert files.journal_lines() == [{"action": "provision"}]
    assert "journal.jsonl:2" in files.remarks[0]
    files.journal_line({"end": "done"})
    assert ServiceFiles("web").journal_lines() == [{"action": "provision"}, {"end": "done"}]


def test_a_damaged_line_in_the_middle_is_an_error(disk: FakeFilesystem) -> None:
    """A line that no crash can have damaged is not passed over."""
    disk.create_file("/var/lib/opensvc/web/journal.jsonl", contents='{"action": "provision"}\nrubbish\n{"end": 1}\n')
    with pytest.raises(Failed, match=r"journal\.jsonl:2: this is no line of a journal"):
        ServiceFiles("web").journal_lines()


def test_a_line_that_does_not_fit_is_not_there(disk: FakeFilesystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full, the journal ends with a whole line, and what the line announces is not done."""
    files = ServiceFiles("web")
    files.journal_begins({"action": "provision"})
    begun = text_of("/var/lib/opensvc/web/journal.jsonl")
    written = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 10:
            return written(descriptor, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Failed, match="No space left on device"):
        files.journal_line({"fresh": "x" * 4})
    assert text_of("/var/lib/opensvc/web/journal.jsonl") == begun


def test_a_service_that_does_not_exist_is_named_with_the_remedy(disk: FakeFilesystem) -> None:
    """Loading a service without a file says how one is made."""
    with pytest.raises(UsageError, match="svcmgr -s db create --config FILE"):
        ServiceFiles("db").load("node1")


@pytest.mark.parametrize("name", ["", "a b", "../a", "a/b", ".hidden", "a" * 101, "a\n"])
def test_a_bad_name_makes_no_path(name: str) -> None:
    """A name that no service can have is refused before it becomes part of a path."""
    with pytest.raises(UsageError):
        ServiceFiles(name)


def test_the_record_survives_what_it_is_for(disk: FakeFilesystem) -> None:
    """A thing that a command made is in the record's file once it is saved."""
    files = ServiceFiles("web")
    service = files.load("node1")
    files.journal_begins({"action": "provision"})
    service.record.apply(Command(("truncate",), makes=Makes("disk#0.file", "file"), rid="disk#0"), "/srv/a")
    files.save_record()
    assert '"identity": "/srv/a"' in text_of("/var/lib/opensvc/web/record.json")


def test_only_a_line_that_asks_for_it_waits_for_the_disk(disk: FakeFilesystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are on disk with the next one that does; a reader has them all the same."""
    files = ServiceFiles("web")
    files.journal_begins({"action": "provision"})
    waited: list[int] = []
    monkeypatch.setattr(os, "fdatasync", waited.append)
    files.journal_line({"fresh": "x", "value": "1"}, sync=False)
    assert (len(waited), len(ServiceFiles("web").journal_lines())) == (0, 2)
    files.journal_line({"end": "done"})
    assert len(waited) == 1
