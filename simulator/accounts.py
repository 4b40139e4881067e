"""The credentials that the simulated vendors accept; plainly not real ones."""

HIREDNOW_API_KEY = "simulator-hirednow-key"
TALKPUSH_API_KEY = "simulator-talkpush-key"
LINKUP_API_KEY = "simulator-linkup-key"
LINKUP_ACCOUNT_ID = "simulator-linkup-account"
CLOSERX_API_KEY = "simulator-closerx-key"
CLOSERX_COMPANY_NAME = "simulator-company"
EASIR_CLIENT_ID = "simulator-easir-client"
EASIR_CLIENT_SECRET = "simulator-easir-secret"  # noqa: S105
