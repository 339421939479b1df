use std::net::TcpListener;

use aws_sdk_sqs::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
};
use serde_json::json;

use super::*;
use crate::testing::{Canned, Server, refusal};

fn stored() -> Canned {
    Canned::Json(200, json!({"MessageId": "m-1", "MD5OfMessageBody": "unchecked"}))
}

async fn send(client: &Client) -> Result<(), aws_sdk_sqs::Error> {
    client.send_message().queue_url("http://sqs/1/queue").message_body("{}").send().await?;
    Ok(())
}

#[tokio::test]
async fn calls_share_one_connection() {
    let server = Server::answering([stored(), stored()]);
    let client = server.config().sqs();
    send(&client).await.unwrap();
    send(&client).await.unwrap();
    assert_eq!((server.asked().len(), server.connections()), (2, 1));
}

#[tokio::test]
async fn a_throttled_call_is_repeated() {
    let server = Server::answering([refusal("ThrottlingException", "Rate exceeded"), stored()]);
    send(&server.config().sqs()).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_connection_that_breaks_is_replaced() {
    let server = Server::answering([stored(), Canned::Close, stored()]);
    let client = server.config().sqs();
    send(&client).await.unwrap();
    send(&client).await.unwrap();
    assert_eq!((server.asked().len(), server.connections()), (3, 2));
}

#[tokio::test]
async fn a_refusal_that_repeating_cannot_mend_is_not_repeated() {
    let server = Server::answering([refusal("AccessDeniedException", "not authorized"), stored()]);
    let error = send(&server.config().sqs()).await.unwrap_err();
    assert_eq!(aws_sdk_sqs::error::ProvideErrorMetadata::code(&error), Some("AccessDeniedException"));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn silence_ends_with_the_read_time_out() {
    let server = Server::answering([Canned::Silence]);
    let config = server.config().sqs().config().to_builder();
    let config = config
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().read_timeout(Duration::from_millis(50)).build());
    let client = Client::from_conf(config.build());
    let error = client.send_message().queue_url("http://sqs/1/q").message_body("{}").send().await.unwrap_err();
    assert!(matches!(&error, aws_sdk_sqs::error::SdkError::DispatchFailure(f) if f.is_timeout()), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_that_never_connected() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Server::answering([]).config().sqs().config().to_builder();
    let config = config.retry_config(RetryConfig::disabled()).endpoint_url(format!("http://{free}"));
    let client = Client::from_conf(config.build());
    let error = client.send_message().queue_url("http://sqs/1/q").message_body("{}").send().await.unwrap_err();
    let aws_sdk_sqs::error::SdkError::DispatchFailure(failure) = &error else { panic!("{error:?}") };
    assert!(failure.is_io(), "{error:?}");
    let said = crate::failure::describe(&error);
    assert!(said.contains("refused"), "the cause is told: {said}");
}
