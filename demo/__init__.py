"""A town with a storm coming: the service and the sandbox, run together and compared."""
