"""`--env`: values of [env] that come with the command line, and secrets among them."""

import pytest

from tests.e2e.bench import LOOP, Bench

SECRET = f"[env]\npassword = hunter1\npassword.secret = true\nsize = 1G\n\n{LOOP}"


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_replacing_a_file_shows_no_secret(bench: Bench, more: list[str]) -> None:
    """Neither the old nor the new value of a secret is in what `create --force` shows."""
    words = ("create", "--config", bench.write(SECRET))
    assert bench.on("web", *words).code == 0
    said = bench.on("web", *words, "--force", "--env", "password=hunter2", *more)
    assert said.code == 0
    assert "hunter" not in said.out + said.err


def test_a_difference_shows_no_secret(bench: Bench) -> None:
    """`update --dry-run` shows that a secret changes, and not what it was or will be."""
    bench.on("web", "create", "--config", bench.write(SECRET))
    said = bench.on("web", "update", "--dry-run", "--env", "password=hunter2")
    assert "+password = «secret:env.password»" in said.out
    assert "hunter" not in said.out + said.err


def test_a_broken_file_can_be_replaced(bench: Bench) -> None:
    """A file whose secrets cannot be told does not stand in the way of one that is right."""
    bench.etc.joinpath("web.conf").write_text("[env]\npassword = {env.password}\npassword.secret = true\n")
    assert bench.on("web", "create", "--config", bench.write(LOOP), "--force").code == 0


def test_a_value_from_a_file_is_a_secret(bench: Bench) -> None:
    """`--env K=@FILE` takes what the file holds, and declares it a secret."""
    template = bench.write(f"[env]\npassword = none\n\n{LOOP}")
    given = bench.write("s3cret\n", "password")
    assert bench.on("web", "create", "--config", template, "--env", f"password=@{given}").code == 0
    assert bench.on("web", "get", "--param", "env.password").out == "s3cret\n"
    assert bench.on("web", "get", "--param", "env.password", "--eval").out == "«secret:env.password»\n"


def test_a_file_that_is_not_there_is_an_error(bench: Bench) -> None:
    """`--env K=@FILE` without such a file is exit 6, and nothing is written."""
    said = bench.on("web", "create", "--config", bench.write(SECRET), "--env", "password=@/no/such")
    assert (said.code, "/no/such" in said.err) == (6, True)
    assert not bench.etc.joinpath("web.conf").exists()


def test_update_takes_values_of_env(bench: Bench) -> None:
    """`update --env` changes a value of [env] without a resource."""
    bench.on("web", "create", "--config", bench.write(SECRET))
    assert bench.on("web", "update", "--env", "size=2G").code == 0
    assert bench.on("web", "get", "--param", "env.size").out == "2G\n"
