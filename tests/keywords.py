"""Write the pages of docs/keywords anew from the declarations: `python -m tests.keywords`."""

from svcprov.keyword_pages import files
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs/keywords"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
