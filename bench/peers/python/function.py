"""A signed Shopify order in, its text to SQS, 202 out."""

import base64
import hashlib
import hmac
import json
import os

import boto3

secrets = boto3.client("secretsmanager", endpoint_url=os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"])
sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL_SQS"])
key = None


def receive(event, _context):
    global key
    if key is None:
        answer = secrets.get_secret_value(SecretId="shoprelay/acme/webhook")
        key = json.loads(answer["SecretString"])["sources"][0]["signing_secrets"][0].encode()
    body = event["body"].encode()
    claimed = base64.b64decode(event["headers"]["x-shopify-hmac-sha256"])
    if not hmac.compare_digest(hmac.digest(key, body, hashlib.sha256), claimed):
        return {"statusCode": 401, "body": "{}"}
    order = json.loads(body)
    sqs.send_message(QueueUrl=os.environ["SHOPRELAY_WEBSAND_QUEUE_URL"], MessageBody=json.dumps(order))
    return {"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}
