"""URLs: what is one, and what is shown of it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcprov.urls import SHOWN_CHARS_MAX, masked, plain, scheme_of, without_credentials

WORDS = st.text(string.ascii_letters + string.digits + "._~%!$'()*+,;", min_size=8, max_size=20)


@pytest.mark.parametrize(
    "text,scheme",
    [
        ("/srv/web.conf", ""),
        ("web:1.conf", ""),
        ("web.template", ""),
        ("-", ""),
        ("17", ""),
        ("://x", ""),
        ("ü://x", ""),
        ("file:/srv/web.conf", "file"),
        ("HTTPS://host/web.conf", "https"),
        ("ftp:host", "ftp"),
        ("sftp://host/web.conf", "sftp"),
        ("git+ssh://host/web", "git+ssh"),
    ],
)
def test_what_a_url_is(text: str, scheme: str) -> None:
    """A colon makes no URL; a scheme that is fetched, or two slashes behind one, do."""
    assert scheme_of(text) == scheme


@pytest.mark.parametrize(
    "url,shown",
    [
        ("https://host/web.conf?ref=main", "https://host/web.conf?ref=main"),
        ("https://web:s3cret@host/web.conf", "https://...@host/web.conf"),
        ("https://t0ken@host/a@b", "https://...@host/a@b"),
        ("https://host/?private_token=x&ref=main", "https://host/?private_token=...&ref=main"),
        (
            "https://host/?X-Amz-Credential=a&X-Amz-Signature=b#c",
            "https://host/?X-Amz-Credential=...&X-Amz-Signature=...#c",
        ),
        ("/srv/a?token=x", "/srv/a?token=x"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    """Credentials are left out; everything else stays, and a path is no URL."""
    assert without_credentials(url) == shown


@given(WORDS, WORDS)
def test_no_password_is_shown(user: str, password: str) -> None:
    """Whatever user and password before a host are, neither is shown."""
    shown = masked(f"https://{user}:{password}@host/web.conf")
    assert (shown, password in shown) == ("https://...@host/web.conf", False)


@given(st.text(max_size=400))
def test_words_of_others_move_no_terminal(text: str) -> None:
    """What others wrote becomes one printable line of bounded length."""
    line = plain(text)
    assert line.isprintable()
    assert len(line) <= SHOWN_CHARS_MAX + 3
