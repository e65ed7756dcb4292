"""The Helm chart's schema and page of values, generated from the comments of its values: `python .ci/chart.py write|check`.

A comment `# -- text` stands above each value. Types come from the defaults, the names below `settings` from the program's own settings.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from idp.settings import Settings

CHART = Path(__file__).parent.parent / "helm" / "idp"
COMMENT = re.compile(r"^( *)# -- (.*)$")
KEY = re.compile(r"^( *)([A-Za-z]+):")
ONE_OF = {
    "profile": ["production", "small", "demo"],
    "image.pullPolicy": ["Always", "IfNotPresent", "Never"],
    "externalSecrets.storeKind": ["SecretStore", "ClusterSecretStore"],
    "service.type": ["ClusterIP", "NodePort", "LoadBalancer"],
}
PATTERNS = {
    "issuer": "^https?://",
    "staffOrigin": "^$|^https?://",
    "portalUrl": "^$|^https?://",
    "image.digest": "^$|^sha256:[0-9a-f]{64}$",
}
ELSEWHERE = {"profile", "issuer", "portal_url", "staff_origin", "host", "port", "workers", "replicas", "metrics_port", "data_dir"} | {
    *("database_url", "database_direct_url", "database_replica_url", "redis_url", "master_secret", "master_secret_previous"),
    *("smtp_username", "smtp_password", "vonage_api_key", "vonage_api_secret"),
}
"""Options that the chart sets from values of their own, or from secrets: named twice, a pod would be refused, and a secret would show."""
FREE = ("resources", "annotations", "podAnnotations", "nodeSelector", "labels")


def comments(text: str) -> dict[str, str]:
    """Read what stands above each value, by the value's dotted name."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    words = ""
    for line in text.splitlines():
        if match := COMMENT.match(line):
            words = match[2]
        elif match := KEY.match(line):
            indent = len(match[1])
            path = [*((depth, name) for depth, name in path if depth < indent), (indent, match[2])]
            if words:
                found[".".join(name for _, name in path)] = words
                words = ""
    return found


def schema_of(name: str, value: Any, said: dict[str, str]) -> dict[str, Any]:
    """Describe one value as JSON Schema."""
    described: dict[str, Any] = {"description": said[name]} if name in said else {}
    if name == "settings":
        options = {option: {"type": ["string", "number", "boolean", "array"]} for option in sorted(set(Settings.model_fields) - ELSEWHERE)}
        return described | {"type": "object", "additionalProperties": False, "properties": options}
    if isinstance(value, dict) and name.rpartition(".")[2] not in FREE:
        members = {key: schema_of(f"{name}.{key}", inner, said) for key, inner in value.items()}
        return described | {"type": "object", "additionalProperties": False, "properties": members}
    kind = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}[type(value)]
    described["type"] = kind
    if name in ONE_OF:
        described["enum"] = ONE_OF[name]
    if name in PATTERNS:
        described["pattern"] = PATTERNS[name]
    if kind in ("integer", "number"):
        described["minimum"] = 0
    return described


def leaves(name: str, value: Any) -> list[tuple[str, Any]]:
    """List the values that can be set, by dotted name."""
    if isinstance(value, dict) and value and name.rpartition(".")[2] not in FREE:
        return [leaf for key, inner in value.items() for leaf in leaves(f"{name}.{key}" if name else key, inner)]
    return [(name, value)]


def generated() -> dict[Path, str]:
    """Give what the two generated files have to hold. Raises: SystemExit for a value without a comment."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    values, said = yaml.safe_load(text), comments(text)
    missing = [name for name, _ in leaves("", values) if name not in said]
    if missing:
        raise SystemExit(f"helm/idp/values.yaml: no comment above {', '.join(missing)}")
    members = {name: schema_of(name, value, said) for name, value in values.items()}
    global_values = {"global": {"type": "object"}}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart idp",
        "type": "object",
        "additionalProperties": False,
        "properties": members | global_values,
    }
    rows = "\n".join(f"| `{name}` | `{json.dumps(value)}` | {said[name]} |" for name, value in leaves("", values))
    page = (CHART / "README.md.in").read_text(encoding="utf-8").replace("@VALUES@", f"| value | default | meaning |\n|---|---|---|\n{rows}")
    return {CHART / "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n", CHART / "README.md": page}


def main() -> int:
    """Write the files, or tell which of them have drifted."""
    drifted = []
    for path, text in generated().items():
        if sys.argv[1:] == ["write"]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            drifted.append(path.relative_to(CHART.parent.parent).as_posix())
    if drifted:
        print(f"{', '.join(drifted)}: out of date; run `make docs`")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
