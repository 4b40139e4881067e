"""What is fixed about LinkupAPI: its one path, its limits and prices, and the documented columns."""

from dlt.common.schema.typing import TTableSchemaColumns

BASE_URL = "https://api.linkupapi.com"
RECRUITER_PATH = "/v2/recruiter"
USER_AGENT = "hirefunnel/1.0 (+dlt)"  # requests without a real one are turned away

LIST_JOBS = "get_posts"
LIST_CANDIDATES = "get_candidates"
# The same path also writes messages and rates people: nothing but these is ever sent.
READ_ACTIONS = frozenset({LIST_JOBS, LIST_CANDIDATES, "get_cv"})

# Oldest application first: newcomers come at the end, so offsets hold while they arrive.
CANDIDATE_ORDER = {"sortType": "APPLIED_DATE", "sortOrder": "ASCENDING"}

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000
MAX_PAGES = 10_000  # a listing that goes on after that would never end
RESULTS_PER_CREDIT = 10
HIGHEST_PRICE = 1_000_000  # credits; a page that says it cost more is not believed
MAX_PAGE_AGE_S = 20 * 3600  # less than from night to night
JOB_LISTS = ("posts", "jobs")  # what the list of jobs may be called

# LinkupAPI publishes no rate limit, and asks LinkedIn for each page: slow is right.
REQUESTS_PER_SECOND = 2.0
PARALLEL_REQUESTS = 4
MAX_RETRIES = 3
TIMEOUT_S = 120.0
BACKOFF_FACTOR = 0.5  # waits of 0.5, 1, 2 seconds between tries
MAX_WAIT_S = 300.0
JOB_STATUSES = frozenset({200, 400, 404})  # errors that concern one job only
GATEWAY_STATUSES = frozenset({502, 504})  # the answer behind them was lost

RATE_LIMITED = "RATE_LIMITED"
ADVICE = {
    "INVALID_PARAMS": "check job_ids and page_size",
    "INVALID_ACTION": "update this source",
    "INSUFFICIENT_CREDITS": "buy credits, or lower max_credits_per_run",
    "INVALID_API_KEY": "check api_key",
    "ACCOUNT_INACTIVE": "activate the LinkedIn account at LinkupAPI",
    "INVALID_ACCOUNT": "check account_id",
    RATE_LIMITED: "lower requests_per_second",
}
OTHER_ADVICE = "try again later, and ask LinkupAPI if it lasts"
MESSAGE_LENGTH = 200  # how much of the vendor's own words an error repeats

JOB_COLUMNS: TTableSchemaColumns = {
    "job_id": {"data_type": "text"},
    "title": {"data_type": "text"},
    "location": {"data_type": "text"},
    "state": {"data_type": "text"},
}

CANDIDATE_COLUMNS: TTableSchemaColumns = {
    "job_id": {"data_type": "text"},
    "application_id": {"data_type": "text"},
    "rating": {"data_type": "text"},
    "is_top_choice": {"data_type": "bool"},
    "top_choice_message": {"data_type": "text"},
    "first_name": {"data_type": "text"},
    "last_name": {"data_type": "text"},
    "full_name": {"data_type": "text"},
    "headline": {"data_type": "text"},
    "public_identifier": {"data_type": "text"},
    "profile_url": {"data_type": "text"},
    "location": {"data_type": "text"},
    "application_date": {"data_type": "text"},
    "experiences": {"data_type": "json"},
    "education": {"data_type": "json"},
}
