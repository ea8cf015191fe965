#!/usr/bin/env python3
"""Fails unless documents are valid under a JSON Schema. Needs the package jsonschema.

    ci/valid.py SCHEMA DOCUMENT...
"""

import json
import sys

import jsonschema


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main(schema, *documents):
    if not documents:
        sys.exit("no document to look at")
    schema = read(schema)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    bad = 0
    for path in documents:
        errors = list(kind(schema).iter_errors(read(path)))
        bad += len(errors)
        for error in errors[:20]:
            print(f"{path}: {error.json_path}: {error.message[:200]}")
        print(f"{path}: {len(errors)} errors")
    if bad:
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
