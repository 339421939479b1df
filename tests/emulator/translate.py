"""Prints a JSON list: each SAM template as CloudFormation would read it, parameters at their defaults, or {"error": …}.
It is what `sam validate` does, with the same library. usage: translate.py FILE…"""

import json
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    """Managed policies by name would be looked up in an account; the ones we use need no look-up."""

    def load(self):
        return {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


def translated(file):
    with open(file) as template:
        document = yaml_parse(template.read())
    parameters = {name: value.get("Default", name) for name, value in document["Parameters"].items()}
    try:
        return transform(document, parameters, ManagedPolicies())
    except InvalidDocumentException as error:
        return {"error": error.message, "causes": [cause.message for cause in error.causes]}


json.dump([translated(file) for file in sys.argv[1:]], sys.stdout)
