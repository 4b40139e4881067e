"""Results kept in a folder: what was cut off goes on where it was, as long as the code is the same."""

from __future__ import annotations

import pickle
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from tests.chaos.suite import Result

REPOSITORY = Path(__file__).parents[2]
CODE = (
    "pipelines",
    "sources",
    "dbt_models",
    "mappings",
    "simulator",
    "tests/chaos",
    "tests/nursery.py",
)
KINDS = (".py", ".sql", ".yml", ".csv")


def code_id() -> str:
    """What the results stand for: all that takes part in a schedule."""
    content = sha256()
    places = [REPOSITORY / place for place in CODE]
    paths = [path for place in places for path in (place, *place.rglob("*"))]
    for path in sorted(path for path in paths if path.suffix in KINDS):
        content.update(str(path.relative_to(REPOSITORY)).encode() + path.read_bytes())
    return content.hexdigest()[:12]


def keep(folder: Path, result: Result) -> None:
    """Writes a schedule's result down, whole or not at all."""
    kept = _path(folder, result.schedule.seed)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=kept.parent, delete=False) as file:
        pickle.dump(result, file)
    Path(file.name).replace(kept)


def kept(folder: Path, seed: int) -> Result | None:
    """The result of a seed, if this code has lived through it."""
    path = _path(folder, seed)
    if not path.exists():
        return None
    with path.open("rb") as file:
        result: Result = pickle.load(file)
    return result


def _path(folder: Path, seed: int) -> Path:
    return folder / "results" / code_id() / f"{seed}.pickle"
