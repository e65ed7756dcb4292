"""`idp maintenance run`: the worker's housekeeping at once."""

import json

from idp.app import PERIODIC


def test_every_periodic_job_runs(runner):
    answer = runner("maintenance", "run", "--json")
    assert (answer.exit_code, json.loads(answer.output)) == (0, {"ran": [job.name for job in PERIODIC]})
