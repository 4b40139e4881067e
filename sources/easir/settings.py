"""What is fixed about the EASI'R API: addresses, limits, advice, and the documented columns."""

from dlt.common.schema.typing import TTableSchemaColumns

BASE_URL = "https://api.easir.com"
AUTH_URL = "https://auth.easir.com/token"
LISTING = "data"  # where an answer has its records
CAMPAIGNS_PATH = "/campaigns"
RECIPIENTS_PATH = "/campaigns/{campaign_id}/recipients"
PAGE_SIZE = 50  # the most the API gives
PAGES_ONE_BY_ONE = 20  # a longer listing is read several pages at a time
PAGES_AHEAD = 25  # of a campaign, while whoever takes them is busy: ten megabytes in all
TIMEZONE = "UTC"

TOKEN_LIFETIME_S = 180.0  # when the answer does not say
TOKEN_MARGIN_S = 20.0  # renewed this long before it expires
TOKEN_REFUSED = (401, 403)  # EASI'R says 403 where others say 401

FULL_REREAD_DAYS = 7
READINGS_OF_A_LISTING = 4  # the first, and three more while records move between the pages
DELETED = 410
LISTING_STATUSES = frozenset({200, 400, 404, 414, 422})  # errors that concern one listing only
MAX_PAGES = 100_000  # a listing that goes on after that would never end
REPEATED_PAGES = 2  # so many pages that came before, and the listing goes round in a circle
STATE_TEXT_LENGTH = 40  # longer text stands in the state by its fingerprint

# EASI'R publishes no rate limit: these are meant to be unnoticeable.
REQUESTS_PER_SECOND = 5.0
PARALLEL_REQUESTS = 4
MAX_RETRIES = 5
TIMEOUT_S = 30.0
BACKOFF_FACTOR = 0.5  # waits of 0.5, 1, 2, 4 … seconds between tries
MAX_WAIT_S = 300.0

ADVICE = {
    400: "check client_id and client_secret",
    401: "check client_id and client_secret",
    402: "check the EASI'R subscription",
    403: "check client_id, client_secret and what they may read",
    404: "check base_url and auth_url",
    429: "lower requests_per_second",
}
OTHER_ADVICE = "try again later, and ask EASI'R if it lasts"
MESSAGE_LENGTH = 200  # how much of the vendor's own words an error repeats

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"
NO_TIME = ("", "0000-00-00 00:00:00")
CAMPAIGN_TIMES = ("sent_at", "send_at", "created_at", "updated_at")
RECIPIENT_TIMES = ("created_at", "updated_at", "latest_activity_at")
TIMES = tuple(dict.fromkeys(CAMPAIGN_TIMES + RECIPIENT_TIMES))

CAMPAIGN_COLUMNS: TTableSchemaColumns = {
    "id": {"data_type": "text"},
    "user": {"data_type": "json"},
    "team_id": {"data_type": "bigint"},
    "group_id": {"data_type": "bigint"},
    "scope": {"data_type": "text"},
    "name": {"data_type": "text"},
    "approved": {"data_type": "bool"},
    "description": {"data_type": "text"},
    "type": {"data_type": "text"},
    "status": {"data_type": "text"},
    "message": {"data_type": "json"},
    "template": {"data_type": "json"},
    "filter": {"data_type": "json"},
    "task": {"data_type": "json"},
    "total_sent": {"data_type": "bigint"},
    "sent_at": {"data_type": "timestamp"},
    "send_at": {"data_type": "timestamp"},
    "created_at": {"data_type": "timestamp"},
    "updated_at": {"data_type": "timestamp"},
}

RECIPIENT_COLUMNS: TTableSchemaColumns = {
    "campaign_id": {"data_type": "text"},
    "id": {"data_type": "text"},
    "status": {"data_type": "text"},
    "b2c": {"data_type": "bool"},
    "team_id": {"data_type": "bigint"},
    "account": {"data_type": "json"},
    "user": {"data_type": "json"},
    "team": {"data_type": "json"},
    "fixed_fields": {"data_type": "json"},
    "custom_fields": {"data_type": "json"},
    "social_profile": {"data_type": "json"},
    "consent": {"data_type": "json"},
    "created_at": {"data_type": "timestamp"},
    "updated_at": {"data_type": "timestamp"},
    "latest_activity_at": {"data_type": "timestamp"},
    "nested_timezone": {"data_type": "text"},  # added: the zone of the times that stay as sent
}
