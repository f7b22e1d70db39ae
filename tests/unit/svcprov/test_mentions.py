"""Which keys of [env] stand behind an option, without evaluating anything."""

import pytest

from core.config.document import Document
from svcprov.mentions import keys_behind

TEXT = """\
[DEFAULT]
docker_data_dir = /srv/{env.label}

[env]
size = 1G
label = shop
more = {env.size}

[disk#0]
size = {text}
size@n2 = {env.label}
file = {{docker_data_dir}}/{{disk#0.size}}
"""


@pytest.mark.parametrize(
    "text,keys",
    [
        ("10G", {"label"}),
        ("{env.size}", {"size", "label"}),
        ("{ENV.size}", {"label"}),
        ("{env.SIZE}", {"size", "label"}),
        ("$({env.size}*2)", {"size", "label"}),
        ("{env.more}", {"more", "size", "label"}),
        ("{nodes[$({env.size}+1)]}", {"size", "label"}),
        ("{#docker_data_dir}", {"label"}),
        ("{{.Name}} ${env.size}", {"label", "size"}),
        ("{disk#0.file}", {"label"}),
    ],
)
def test_what_a_value_may_depend_on(text: str, keys: set[str]) -> None:
    """Through other options, in every scope, in circles too; rather one key too many than one too few."""
    document = Document(
        TEXT.replace("{text}", text).replace("{{d", "{d").replace("size}}", "size}").replace("r}}", "r}")
    )
    assert keys_behind(document, frozenset({"size", "label", "more"}))["disk#0", "size"] == keys


def test_only_the_keys_that_are_asked_for_count() -> None:
    """An option that depends on others only has none behind it."""
    found = keys_behind(Document(TEXT.replace("{text}", "{env.size}")), frozenset({"label"}))
    assert found["env", "more"] == frozenset()
    assert found["disk#0", "size"] == {"label"}
