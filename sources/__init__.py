"""Five dlt sources, a vendor a folder; each stands alone and can be copied by `dlt init`."""
