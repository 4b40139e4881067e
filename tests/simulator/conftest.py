"""A small world, its simulator, and a client that knows how to ask each vendor."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from simulator import Simulator, World, serve

NOW = datetime(2025, 11, 21, 2, 0, tzinfo=UTC)
AGENT = "hirefunnel-tests/1"


class Client:
    """Asks the five vendors rightly; each argument can make it wrong."""

    def __init__(self, simulator: Simulator) -> None:
        """Read from a simulator."""
        self.simulator = simulator
        self.http = requests.Session()
        self.http.headers["User-Agent"] = AGENT
        self._settings = simulator.settings()

    def setting(self, name: str) -> str:
        """A setting, e.g. ``TALKPUSH__API_KEY``."""
        return self._settings[f"SOURCES__{name}"]

    def hirednow(self, *, key: str | None = None, method: str = "GET", **params: Any) -> Any:
        """Ask HiredNow; without a campaign id: for the first campaign."""
        first = json.loads(self.setting("HIREDNOW__CAMPAIGN_IDS"))[0]
        params = {"campaign_id": first, **params}
        key = self.setting("HIREDNOW__API_KEY") if key is None else key
        url = f"{self.setting('HIREDNOW__BASE_URL')}/v1/campaigns/role/results"
        headers = {"Authorization": f"Bearer {key}"}
        return self.http.request(method, url, params=params, headers=headers)

    def talkpush(
        self, path: str = "/campaign_invitations", params: Any = (), method: str = "GET"
    ) -> Any:
        """Ask Talkpush."""
        params = {"api_key": self.setting("TALKPUSH__API_KEY"), **dict(params)}
        return self.http.request(method, self.setting("TALKPUSH__BASE_URL") + path, params=params)

    def linkup(self, action: str, headers: Any = (), body: Any = (), **params: Any) -> Any:
        """Ask LinkupAPI."""
        account_id = self.setting("LINKUP__ACCOUNT_ID")
        return self.http.post(
            self.setting("LINKUP__BASE_URL") + "/v2/recruiter",
            headers={"x-api-key": self.setting("LINKUP__API_KEY"), **dict(headers)},
            json={"account_id": account_id, "action": action, "params": params, **dict(body)},
        )

    def closerx(
        self,
        campaign_id: str | None = None,
        *,
        headers: Any = (),
        slash: str = "/",
        method: str = "GET",
        **params: str,
    ) -> Any:
        """Ask CloserX; without a campaign id: for the first campaign."""
        campaign_id = campaign_id or json.loads(self.setting("CLOSERX__CAMPAIGN_IDS"))[0]
        base = self.setting("CLOSERX__BASE_URL")
        url = f"{base}/api/v2/graph/daily-campaign-results/{campaign_id}{slash}"
        known = {
            "api_key": self.setting("CLOSERX__API_KEY"),
            "Company-Name": self.setting("CLOSERX__COMPANY_NAME"),
        }
        return self.http.request(method, url, params=params, headers={**known, **dict(headers)})

    def easir_token(self, grant_type: str = "client_credentials", **body: str) -> Any:
        """Ask EASI'R for a token."""
        credentials = {
            "client_id": self.setting("EASIR__CLIENT_ID"),
            "client_secret": self.setting("EASIR__CLIENT_SECRET"),
        }
        url = self.setting("EASIR__AUTH_URL")
        return self.http.post(url, params={"grant_type": grant_type}, json={**credentials, **body})

    def easir(
        self, path: str = "/campaigns", token: str | None = None, method: str = "GET", **params: Any
    ) -> Any:
        """Ask EASI'R, with a token just handed out."""
        token = token or self.easir_token().json()["access_token"]
        url = self.setting("EASIR__BASE_URL") + path
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(method, url, params=params, headers=headers)


@pytest.fixture(scope="session")
def small_world() -> World:
    """A world that no test changes."""
    return World(seed=7, people=600, now=NOW, history_days=40)


@pytest.fixture(scope="session")
def client(small_world: World) -> Iterator[Client]:
    """A client of the world that no test changes."""
    with serve(small_world) as simulator:
        yield Client(simulator)


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Makes a client of a simulator of one's own: ``connect(world, **options)``."""
    with ExitStack() as stack:
        yield lambda world, **options: Client(stack.enter_context(serve(world, **options)))


@pytest.fixture
def moving_client(connect: Callable[..., Client]) -> Client:
    """A client of a world and a simulator of one's own."""
    return connect(World(seed=7, people=300, now=NOW, history_days=20))
