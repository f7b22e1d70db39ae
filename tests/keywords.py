"""Write anew what is generated from the declarations of keywords: `python -m tests.keywords`.

That is `docs/keywords`, the JSON schema of service files, and the documentation's listings: `usr/share/doc` and `lib`.
"""

from pathlib import Path

from svcprov import keyword_pages, listings, service_schema
from tests.conftest import REPOSITORY

FOLDERS = {
    "docs/keywords": keyword_pages.files,
    listings.FOLDER: listings.files,
    listings.PROVISIONERS_FOLDER: listings.provisioners,
}


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    found = {REPOSITORY / folder / name: text for folder, files in FOLDERS.items() for name, text in files().items()}
    return found | {REPOSITORY / service_schema.FILE: service_schema.text()}


def kept() -> set[Path]:
    """The files that are in the folders of generated ones."""
    return {path for folder in FOLDERS for path in (REPOSITORY / folder).iterdir() if path.is_file()}


if __name__ == "__main__":
    for folder in FOLDERS:
        (REPOSITORY / folder).mkdir(parents=True, exist_ok=True)
    for path in kept() - generated().keys():
        path.unlink()
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
