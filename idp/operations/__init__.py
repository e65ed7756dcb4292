"""Running it: health pages, request log and counts, the supervisor of `idp serve`, what the metrics page shows.

Faces are `request_log` and `health`. Start reading at `supervisor.py` for processes, at `logs.py` for what may stand in a log.
"""
