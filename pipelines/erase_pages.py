"""Somebody taken out of pages that were paid for and are not loaded yet: a page stays, paid and counted.

A page's file holds the request, a line of JSON, and after it the answer, as `sources/linkup/page_store.py` writes them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from .erase import Person
from .forgotten import Forgotten
from .settings import Settings

VENDOR, CANDIDATES, JOBS = "linkup", "candidates", "jobs"
_LIST_CANDIDATES = "get_candidates"
_PRICE = ("success", "metadata")  # what counts of an answer without any list
_NAMED_BY = "application_id"

Answer = dict[str, Any]


def payloads(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Vendor, resource and JSON of each candidate that stands on a page."""
    for path in sorted((settings.spool_dir / VENDOR).glob("*")):
        page = _read(path) if path.is_file() else None
        if page is None:
            continue
        request, answer = page
        for name, items in _lists(answer):
            if _resource(request, name) == CANDIDATES:
                for item in items:
                    yield VENDOR, CANDIDATES, _payload(item, _job_id(request))


def erase_from_page(path: Path, person: Person, forgotten: Forgotten) -> str | None:
    """Takes somebody out of a page.

    Of their application only its id is left: paging counts on as many candidates as were sent. It is on the list, so
    what is left is never loaded.

    Returns:
        What was done; None if the file is no page.
    """
    page = _read(path)
    if page is None:
        return None
    request, answer = page
    erased, changed = 0, False
    lists = list(_lists(answer))
    for name, items in lists:
        kept, count = _without(items, request, _resource(request, name), forgotten)
        erased, changed = erased + count, changed or kept != items
        answer["data"][name] = kept
    if not lists and person.is_named_in(json.dumps(answer)):
        answer = {name: value for name, value in answer.items() if name in _PRICE}
        changed = True
    if not changed:
        return ""
    _write(path, request, answer)
    return f"{erased} candidates erased" if erased else "what names them erased"


def _read(path: Path) -> tuple[Answer, Answer] | None:
    head, _, body = path.read_bytes().partition(b"\n")
    try:
        request, answer = json.loads(head), json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    is_page = isinstance(answer, dict) and isinstance(request, dict) and "action" in request
    return (request, answer) if is_page else None


def _write(path: Path, request: Answer, answer: Answer) -> None:
    """In the page's place, as old as it was: whether it is asked for anew depends on that."""
    status = path.stat()
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(f"{json.dumps(request)}\n{json.dumps(answer)}", encoding="utf-8")
    unfinished.chmod(status.st_mode & 0o777)
    os.utime(unfinished, ns=(status.st_atime_ns, status.st_mtime_ns))
    unfinished.replace(path)


def _lists(answer: Answer) -> Iterator[tuple[str, list[Any]]]:
    data = answer.get("data")
    for name, items in data.items() if isinstance(data, dict) else ():
        if isinstance(items, list):
            yield name, items


def _resource(request: Answer, name: str) -> str:
    is_theirs = request["action"] == _LIST_CANDIDATES and name == CANDIDATES
    return CANDIDATES if is_theirs else JOBS


def _job_id(request: Answer) -> Any:
    params = request.get("params")
    return params.get("job_id") if isinstance(params, dict) else None


def _payload(item: Any, job_id: Any) -> str:
    """What the source makes of an item, as JSON that DuckDB can read."""
    record = {**(item if isinstance(item, dict) else {"record": item}), "job_id": job_id}
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode()


def _without(
    items: list[Any], request: Answer, resource: str, forgotten: Forgotten
) -> tuple[list[Any], int]:
    """The items with nothing of anybody on the list, and how many were theirs."""
    job_id = _job_id(request)
    stubs = [_stub(item) for item in items]
    sent, left = ([_payload(item, job_id) for item in some] for some in (items, stubs))
    masked = _kept(sent, resource, forgotten)
    let_in = _kept(left, resource, forgotten)
    kept = list(items)
    for place, text in enumerate(sent):
        if place not in let_in:
            kept[place] = stubs[place]
        elif masked.get(place, text) != text:  # without the whole, a stub would be loaded
            kept[place] = _item(masked[place], items[place])
    return kept, sum(
        place not in let_in and kept[place] != items[place] for place in range(len(items))
    )


def _stub(item: Any) -> Answer:
    is_named = isinstance(item, dict) and _NAMED_BY in item
    return {_NAMED_BY: item[_NAMED_BY]} if is_named else {}


def _kept(texts: list[str], resource: str, forgotten: Forgotten) -> dict[int, str]:
    """Those that are about nobody on the list, by their place, with masks where they name somebody."""
    places = pa.array(range(len(texts)), pa.int64())
    table = pa.table({"place": places, "payload": pa.array(texts, pa.string())})
    kept = forgotten.without(table, VENDOR, resource)
    return dict(zip(kept["place"].to_pylist(), kept["payload"].to_pylist(), strict=True))


def _item(payload: str, item: Any) -> Any:
    """An item as it was sent, but for masks."""
    record = json.loads(payload)
    if not isinstance(item, dict):
        return record["record"]
    return {name: record[name] if name != "job_id" else item[name] for name in item}
