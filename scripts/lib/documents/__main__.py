"""Say what is wrong with the Markdown files of this checkout, a line each; exit 1 if anything is."""

from __future__ import annotations

import sys
from pathlib import Path

from documents.alerts import wrong_alerts
from documents.commands import wrong_commands
from documents.links import wrong_links
from documents.markdown import read_documents
from documents.messages import wrong_messages

_TOP = Path(__file__).resolve().parents[3]


def main() -> int:
    """Check everything and return the exit code."""
    documents = read_documents(_TOP)
    wrong = [
        *wrong_links(_TOP, documents),
        *wrong_commands(_TOP, documents),
        *wrong_messages(_TOP, documents),
        *wrong_alerts(_TOP),
    ]
    for each in wrong:
        print(each, file=sys.stderr)
    print(f"{len(documents)} documents, {len(wrong)} faults")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
