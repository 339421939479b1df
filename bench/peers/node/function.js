// A signed Shopify order in, its text to SQS, 202 out. The loop stands for Lambda's own runtime client.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const secrets = new SecretsManagerClient();
// By default the address of the queue goes before the endpoint.
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });
let key;

async function receive(event) {
  if (key === undefined) {
    const answer = await secrets.send(new GetSecretValueCommand({ SecretId: "shoprelay/acme/webhook" }));
    key = JSON.parse(answer.SecretString).sources[0].signing_secrets[0];
  }
  const code = createHmac("sha256", key).update(event.body).digest();
  const claimed = Buffer.from(event.headers["x-shopify-hmac-sha256"], "base64");
  if (claimed.length !== code.length || !timingSafeEqual(claimed, code)) return { statusCode: 401, body: "{}" };
  const order = JSON.parse(event.body);
  const QueueUrl = process.env.SHOPRELAY_WEBSAND_QUEUE_URL;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(order) }));
  return { statusCode: 202, headers: { "content-type": "application/json" }, body: "{}" };
}

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime/invocation/${path}`, agent }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(parts) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

(async () => {
  for (;;) {
    const next = await call("GET", "next");
    const id = next.headers["lambda-runtime-aws-request-id"];
    const answer = await receive(JSON.parse(next.body));
    await call("POST", `${id}/response`, JSON.stringify(answer));
  }
})();
