"""A request sent as often as it takes. The same file in each source that has it."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, repeat

from requests import PreparedRequest, Response, Session


def send(
    session: Session,
    request: PreparedRequest,
    timeout_s: float,
    is_good: Callable[[Response], bool],
) -> Response:
    """Send a request, and again as often, and after as long, as a session of dlt's does.

    To send it there takes more of Python's time than all else that is done for a request, its JSON aside. So what is
    good at once goes past it, and anything else becomes the first of its attempts.

    Raises:
        requests.RequestException: There was no answer in the last attempt.
    """
    adapter = session.get_adapter(request.url or "")
    once = partial(
        adapter.send,
        request,
        timeout=timeout_s,
        verify=session.verify is None or session.verify,
        proxies=session.proxies,
    )
    first: Callable[[], Response]
    try:
        answer = once()
        if is_good(answer):
            return answer
        first = partial(_answer, answer)
    except Exception as error:
        first = partial(_fail, error)
    attempts: Iterator[Callable[[], Response]] = chain([first], repeat(once))
    retrying = session.send.retry  # type: ignore[attr-defined] # tenacity's, as dlt has set it up
    found: Response = retrying.copy()(lambda: next(attempts)())
    return found


def _answer(answer: Response) -> Response:
    return answer


def _fail(error: Exception) -> Response:
    raise error
