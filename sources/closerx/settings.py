"""What is fixed about the CloserX API: its path, its arrays, limits, advice, and the columns."""

from dlt.common.schema.typing import TTableSchemaColumns

BASE_URL = "https://app.closerx.ai"
RESULTS_PATH = "/api/v2/graph/daily-campaign-results/{campaign_id}/"  # the last slash matters
TIMEZONE = "UTC"

# Parallel arrays: the nth entry of each is about the hour that is the nth entry of `hours`.
ARRAYS = (
    "hours",
    "credit_deductions",
    "credit_deductions_change",
    "campaign_results",
    "campaign_results_change",
)

# CloserX publishes no rate limit: these are meant to be unnoticeable.
REQUESTS_PER_SECOND = 5.0
PARALLEL_REQUESTS = 4
MAX_RETRIES = 5
TIMEOUT_S = 30.0
BACKOFF_FACTOR = 0.5  # waits of 0.5, 1, 2, 4 … seconds between tries
MAX_WAIT_S = 300.0
FAILED_DAYS_AT_FIRST = 3  # and none that is over was read: a campaign's others are not asked for
CAMPAIGN_STATUSES = frozenset({400, 404, 410, 422})  # errors that concern one campaign only

ADVICE = {
    400: "check campaign_ids and date_param",
    401: "check api_key",
    403: "check api_key and company_name",
    404: "check campaign_ids and company_name",
    429: "lower requests_per_second",
}
OTHER_ADVICE = "try again later, and ask CloserX if it lasts"
MESSAGE_LENGTH = 200  # how much of the vendor's own words an error repeats

HOURLY_COLUMNS: TTableSchemaColumns = {
    "campaign_id": {"data_type": "text"},
    "date": {"data_type": "date"},
    "hour": {"data_type": "bigint"},
    "hour_occurrence": {"data_type": "bigint"},
    "hour_at": {"data_type": "timestamp"},
    "credit_deductions": {"data_type": "bigint"},
    "credit_deductions_change": {"data_type": "bigint"},
    "campaign_results": {"data_type": "bigint"},
    "campaign_results_change": {"data_type": "bigint"},
    "is_final": {"data_type": "bool"},
}
