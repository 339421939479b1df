//! Secrets Manager as the store of the shops' secrets.

use aws_sdk_secretsmanager::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueError,
};
use relay::{
    Async,
    secret::{SecretError, SecretStore},
};
use secrecy::SecretString;

use crate::failure::describe;

/// Reads secrets from Secrets Manager. Caching is the caller's.
#[derive(Clone, Debug)]
pub struct SecretsManagerStore {
    client: Client,
}

impl SecretsManagerStore {
    /// A store over this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl SecretStore for SecretsManagerStore {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        Box::pin(async move {
            let answer = self.client.get_secret_value().secret_id(name).send().await;
            let answer = answer.map_err(|error| refused(name, &error))?;
            answer.secret_string.map(SecretString::from).ok_or_else(|| SecretError::Malformed {
                name: name.to_owned(),
                pointer: String::new(),
                detail: "it is binary, not text".into(),
            })
        })
    }
}

fn refused<R: std::fmt::Debug>(name: &str, error: &SdkError<GetSecretValueError, R>) -> SecretError {
    let name = name.to_owned();
    match error.as_service_error() {
        Some(GetSecretValueError::ResourceNotFoundException(_)) => SecretError::NotFound { name },
        // "… because it was marked for deletion": the code alone does not say it.
        Some(GetSecretValueError::InvalidRequestException(refusal))
            if refusal.message().is_some_and(|message| message.contains("deletion")) =>
        {
            SecretError::NotFound { name }
        }
        Some(answer) if answer.code() == Some("AccessDeniedException") => SecretError::Denied { name },
        _ => SecretError::Unreachable { name, detail: describe(error) },
    }
}

#[cfg(test)]
mod tests;
