"""Figures for Prometheus that one process keeps; what all share is read from the database."""

from prometheus_client import Counter, Histogram

receipt_delay = Histogram(
    "notify_receipt_delay_seconds",
    "From hand-over to the provider's report",
    ["provider"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400),
)
receipts = Counter("notify_receipts", "Reports taken in from providers", ["provider", "report"])
refused_hooks = Counter("notify_hooks_refused", "Hook calls refused", ["hook", "why"])
bell_failures = Counter("notify_bell_failures", "Wake-ups that could not be rung")
pages = Counter(
    "notify_pages",
    "Public pages given: kept ones, made anew, old while the database is away",
    ["how"],
)
