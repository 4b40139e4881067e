"""What is fixed about the HiredNow API: addresses, limits, advice, and the documented columns."""

from dlt.common.schema.typing import TTableSchemaColumns

BASE_URL = "https://api.external.hirednow.ai"
RESULTS_PATH = "/v1/campaigns/role/results"
LISTING = "data"  # where an answer has its records
PAGE_SIZE = 100  # the most the API gives
LOOKBACK_DAYS = 7
PAGES_A_WINDOW = 25  # a campaign with more new pages is read in windows of creation days
MAX_WINDOWS = 16
PAGES_AHEAD = 25  # of a campaign, while whoever takes them is busy: ten megabytes in all
MAX_INDEX = 2**63 - 1  # `starting_after` is an int64
EARLIEST_DATE = "1970-01-01"  # a result created before was not

# HiredNow publishes no rate limit: these are meant to be unnoticeable.
REQUESTS_PER_SECOND = 5.0
PARALLEL_REQUESTS = 4
MAX_RETRIES = 5
TIMEOUT_S = 30.0
BACKOFF_FACTOR = 0.5  # waits of 0.5, 1, 2, 4 … seconds between tries
MAX_WAIT_S = 300.0
CAMPAIGN_STATUSES = frozenset({400, 404, 410, 422})  # errors that concern one campaign only

ADVICE = {
    400: "check campaign_ids and start_date",
    401: "check api_key",
    403: "check that api_key may read this campaign",
    404: "check base_url and campaign_ids",
    422: "check campaign_ids and start_date",
    429: "lower requests_per_second",
}
OTHER_ADVICE = "try again later, and ask HiredNow if it lasts"
MESSAGE_LENGTH = 200  # how much of the vendor's own words an error repeats

RESULT_COLUMNS: TTableSchemaColumns = {
    "id": {"data_type": "text"},
    "recommendation_status": {"data_type": "text"},
    "campaign": {"data_type": "json"},
    "campaign_id": {"data_type": "text"},
    "user": {"data_type": "json"},
    "user_id": {"data_type": "text"},
    "overall_score": {"data_type": "double"},
    "additional_scores": {"data_type": "json"},
    "created_at": {"data_type": "timestamp"},
    "updated_at": {"data_type": "timestamp"},
    "order_index": {"data_type": "text"},
}

DETAILED_RESULT_COLUMNS: TTableSchemaColumns = {
    "id": {"data_type": "text"},
    "campaign_id": {"data_type": "text"},
    "order_index": {"data_type": "text"},
    "report": {"data_type": "json"},
}
