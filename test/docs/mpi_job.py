"""Holds the MPIJob of docs/many-machines.md to the schema of the operator that runs it, unknown names refused, which the suite does
without:

    git clone https://github.com/kubeflow/mpi-operator
    python test/docs/mpi_job.py mpi-operator/deploy/v2beta1/mpi-operator.yaml        # PyYAML and jsonschema
"""
import re
import sys
from pathlib import Path

import jsonschema
import yaml


def strict(schema):
    """The schema of a custom resource prunes what it does not know; here that is an error."""
    if not isinstance(schema, dict):
        return schema
    known = {name: strict_all(part) for name, part in schema.items()}
    if "properties" in known and not schema.get("x-kubernetes-preserve-unknown-fields"):
        known.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        known = {"type": ["integer", "string"]}
    return known


def strict_all(part):
    if isinstance(part, dict):
        return strict(part)
    return [strict_all(one) for one in part] if isinstance(part, list) else part


page = (Path(__file__).parents[2] / "docs" / "many-machines.md").read_text()
block = re.search(r"(?m)^    apiVersion: kubeflow(?:.*\n|\n)*?(?=^\S)", page).group()
job = yaml.safe_load(re.sub(r"(?m)^    ", "", block))
kinds = [one for one in yaml.safe_load_all(Path(sys.argv[1]).read_text()) if one and one["kind"] == "CustomResourceDefinition"]
(version,) = [one for one in kinds[0]["spec"]["versions"] if job["apiVersion"].endswith("/" + one["name"])]
schema = strict(version["schema"]["openAPIV3Schema"])
schema["properties"]["metadata"] = {"type": "object"}
errors = list(jsonschema.Draft7Validator(schema).iter_errors(job))
for error in errors:
    print("/".join(map(str, error.path)), error.message[:200])
print(f"{len(errors)} errors against {kinds[0]['metadata']['name']} {version['name']}")
sys.exit(1 if errors else 0)
