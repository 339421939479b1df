"""Prints a SAM template as CloudFormation would read it, in JSON, parameters at their defaults. usage: translate.py FILE"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    """Managed policies by name would be looked up in an account; the ones we use need no look-up."""

    def load(self):
        return {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


with open(sys.argv[1]) as template:
    document = yaml_parse(template.read())
parameters = {name: value.get("Default", name) for name, value in document["Parameters"].items()}
json.dump(transform(document, parameters, ManagedPolicies()), sys.stdout)
