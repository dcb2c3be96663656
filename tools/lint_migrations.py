"""Migrations must not lock a living database for long: squawk over V002 and later (.squawk.toml).

The baseline is exempt, because it only ever meets an empty database. A file that says
"Transaction: none" is judged without the transaction that the runner otherwise puts around it.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SQUAWK = Path(sys.executable).parent / "squawk"


def check(files: list[Path]) -> int:
    code = 0
    for file in files:
        command = [str(SQUAWK), "--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc"]
        if "-- Transaction: none" in file.read_text(encoding="utf-8"):
            command.append("--no-assume-in-transaction")
        code |= subprocess.run([*command, str(file)], cwd=ROOT, check=False).returncode
    return code


def main() -> int:
    files = [
        file
        for file in sorted((ROOT / "db/migrations").glob("V*.sql"))
        if not file.name.startswith("V001__") and not file.name.endswith(".down.sql")
    ]
    code = check(files)
    print(f"migration rules: {len(files)} files, {'findings' if code else 'no findings'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
