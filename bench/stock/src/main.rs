//! A signed Shopify order in, its text to SQS, 202 out: as the examples of the libraries show it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, Mac};
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::OnceCell;

struct Clients {
    secrets: aws_sdk_secretsmanager::Client,
    sqs: aws_sdk_sqs::Client,
    key: OnceCell<String>,
    queue: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_from_env().await;
    let clients = Clients {
        secrets: aws_sdk_secretsmanager::Client::new(&config),
        sqs: aws_sdk_sqs::Client::new(&config),
        key: OnceCell::new(),
        queue: std::env::var("SHOPRELAY_WEBSAND_QUEUE_URL")?,
    };
    let clients = &clients;
    run(service_fn(move |request: Request| receive(clients, request))).await
}

async fn receive(clients: &Clients, request: Request) -> Result<Response<Body>, Error> {
    let key = clients.key.get_or_try_init(|| signing_key(clients)).await?;
    let claimed = request.headers().get("x-shopify-hmac-sha256").ok_or("no signature")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(request.body());
    if mac.verify_slice(&BASE64.decode(claimed)?).is_err() {
        return Ok(Response::builder().status(401).body("{}".into())?);
    }
    let order: Value = serde_json::from_slice(request.body())?;
    clients.sqs.send_message().queue_url(&clients.queue).message_body(order.to_string()).send().await?;
    Ok(Response::builder().status(202).header("content-type", "application/json").body("{}".into())?)
}

async fn signing_key(clients: &Clients) -> Result<String, Error> {
    let answer = clients.secrets.get_secret_value().secret_id("shoprelay/acme/webhook").send().await?;
    let secret: Value = serde_json::from_str(answer.secret_string().ok_or("no secret")?)?;
    Ok(secret["sources"][0]["signing_secrets"][0].as_str().ok_or("no signing secret")?.to_owned())
}
