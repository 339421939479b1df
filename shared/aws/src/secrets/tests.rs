use secrecy::ExposeSecret;
use serde_json::json;

use super::*;
use crate::testing::{Canned, Server, refusal};

const NAME: &str = "shoprelay/acme/websand";

async fn fetch(answer: Canned) -> Result<String, SecretError> {
    let server = Server::answering([answer]);
    let store = SecretsManagerStore::new(server.config().secrets_manager());
    let secret = store.fetch(NAME).await;
    assert_eq!(server.asked(), [("GetSecretValue".to_owned(), json!({"SecretId": NAME}))]);
    secret.map(|text| text.expose_secret().to_owned())
}

#[tokio::test]
async fn a_secret_is_its_text() {
    let answer = json!({"Name": NAME, "SecretString": "{\"account\":\"acme\"}"});
    assert_eq!(fetch(Canned::Json(200, answer)).await, Ok("{\"account\":\"acme\"}".into()));
}

#[tokio::test]
async fn a_missing_secret_and_one_marked_for_deletion_are_not_found() {
    let not_found = Err(SecretError::NotFound { name: NAME.into() });
    assert_eq!(fetch(refusal("ResourceNotFoundException", "can't find the secret")).await, not_found);
    let marked = "You can't perform this operation on the secret because it was marked for deletion.";
    assert_eq!(fetch(refusal("InvalidRequestException", marked)).await, not_found);
}

#[tokio::test]
async fn a_refusal_is_denied_and_not_mistaken_for_a_missing_secret() {
    let denied = Err(SecretError::Denied { name: NAME.into() });
    assert_eq!(fetch(refusal("AccessDeniedException", "is not authorized to perform")).await, denied);
}

#[tokio::test]
async fn anything_else_is_unreachable_and_says_what_happened() {
    for answer in [refusal("DecryptionFailure", "the key is disabled"), refusal("InvalidRequestException", "other")] {
        let error = fetch(answer).await.unwrap_err();
        assert!(matches!(error, SecretError::Unreachable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_binary_secret_is_malformed() {
    let error = fetch(Canned::Json(200, json!({"Name": NAME, "SecretBinary": "AAAA"}))).await.unwrap_err();
    assert!(matches!(error, SecretError::Malformed { .. }), "{error:?}");
}
