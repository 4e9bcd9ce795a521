"""`waflows schema`: a JSON Schema on standard output."""

from __future__ import annotations

import json

from harness.servers import run
from jsonschema import Draft202012Validator

from waflows import samples


def test_every_sample_validates_against_the_printed_schema() -> None:
    schema = json.loads(run("schema").stdout)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for sample in samples.all_samples():
        Draft202012Validator(schema).validate(json.loads(sample.flow_json))


def test_the_schema_of_a_version_knows_its_components_only() -> None:
    old = json.loads(run("schema", "--version", "5.0").stdout)
    new = json.loads(run("schema", "--version", "7.3").stdout)

    assert "ImageCarousel" in new["$defs"]
    assert "ImageCarousel" not in old["$defs"]
    assert old["properties"]["version"] == {"const": "5.0"}


def test_an_unknown_version_is_refused_with_those_that_exist() -> None:
    done = run("schema", "--version", "9.9")

    assert done.returncode == 2
    assert "7.3" in done.stderr
