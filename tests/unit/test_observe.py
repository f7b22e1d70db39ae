"""Observation: what is asked ahead is what will be asked."""

from core.command import Command, Completed
from core.engine import asked
from core.observe import ahead, learn
from core.state import Question, load


def test_what_is_asked_ahead_is_asked() -> None:
    """Each command of `ahead` is one of `learn`, whose answers decide about all others."""
    state = load({"complete": False, "devices": {"/dev/sdb": {"size": 2**24, "content": {"kind": "unseen"}}}})
    names = ("btrfs-progs", "systemd", "nosuch")
    questions = [*(Question("tool", name) for name in names), Question("ping", "10.0.0.9")]
    questions += [Question("content", "/dev/sdb"), Question("path", "/srv")]
    early, heard = ahead(state, questions), list[Command]()

    class Silent:
        """A node that has no answer to anything."""

        def run(self, command: Command) -> Completed:
            """Hear a question."""
            heard.append(command)
            return Completed(1)

    asked(learn(state, questions), Silent())
    assert [command.argv[0] for command in early] == ["ping", "mkfs.btrfs", "blkid", "blockdev"]
    assert set(early) < set(heard)


def test_an_address_of_this_node_is_not_asked_for() -> None:
    """It would be this node that answers."""
    state = load({"interfaces": {"eth0": {"addresses": [{"address": "10.0.0.9/24", "label": ""}]}}})
    assert ahead(state, [Question("ping", "10.0.0.9")]) == []
