"""What is fixed about the Talkpush API: paths, limits, advice, and the documented columns."""

from datetime import date

from dlt.common.schema.typing import TTableSchemaColumns

LEADS_PATH = "/campaign_invitations"
CAMPAIGNS_PATH = "/campaigns"
ARCHIVED_CAMPAIGNS_PATH = "/campaigns/archive"

DATE_FORMAT = "%d-%m-%Y"
LOOKBACK_DAYS = 2
TIMEZONE = "UTC"
EARLIEST_DAY = date(2010, 1, 1)  # before Talkpush was; where the search for the first day begins
READINGS_OF_A_DAY = 4  # the first, and three more while leads move between the pages
MAX_PAGES = 100  # or the first page's `total`, if that is more: a day with more does not end

# Talkpush publishes no rate limit, and a page is only 12 leads: quick, but never a burst.
REQUESTS_PER_SECOND = 5.0
PARALLEL_REQUESTS = 4
MAX_RETRIES = 5
TIMEOUT_S = 60.0
BACKOFF_FACTOR = 0.5  # waits of 0.5, 1, 2, 4 … seconds between tries
MAX_WAIT_S = 300.0

ADVICE = {
    401: "check api_key",
    403: "check that api_key may read this",
    404: "check base_url",
    422: "check start_date",
    429: "lower requests_per_second",
}
OTHER_ADVICE = "try again later, and ask Talkpush if it lasts"
MESSAGE_LENGTH = 200  # how much of the vendor's own words an error repeats

LEAD_COLUMNS: TTableSchemaColumns = {
    "id": {"data_type": "bigint"},
    "candidate_id": {"data_type": "bigint"},
    "campaign_id": {"data_type": "bigint"},
    "campaign_ats_external_id": {"data_type": "text"},
    "state": {"data_type": "text"},
    "folder": {"data_type": "text"},
    "first_name": {"data_type": "text"},
    "last_name": {"data_type": "text"},
    "campaign_title": {"data_type": "text"},
    "email": {"data_type": "text"},
    "user_phone_number": {"data_type": "text"},
    "school_name": {"data_type": "text"},
    "education": {"data_type": "text"},
    "source": {"data_type": "text"},
    "scheduled_at": {"data_type": "timestamp"},
    "created_at": {"data_type": "timestamp"},
    "updated_at": {"data_type": "timestamp"},
    "others": {"data_type": "json"},
    "labels": {"data_type": "json"},
    "answers": {"data_type": "json"},
    "attachments": {"data_type": "json"},
    "documents": {"data_type": "json"},
}

CAMPAIGN_COLUMNS: TTableSchemaColumns = {
    "id": {"data_type": "bigint"},
    "title": {"data_type": "text"},
    "name": {"data_type": "text"},
    "is_archived": {"data_type": "bool"},
    "created_at": {"data_type": "timestamp"},
    "updated_at": {"data_type": "timestamp"},
}
