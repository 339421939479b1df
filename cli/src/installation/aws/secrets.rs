//! Secrets Manager.

use aws_sdk_secretsmanager::{
    operation::put_secret_value::PutSecretValueError,
    types::{Filter, FilterNameStringType},
};
use serde_json::Value;

use super::{Aws, failed};
use crate::command::CommandError;

/// How long a deleted secret can be restored in the AWS console: the shortest that AWS allows.
const RECOVERY_DAYS: i64 = 7;

impl Aws {
    /// The names that begin with the prefix.
    pub(crate) async fn secret_names(&self, prefix: &str) -> Result<Vec<String>, CommandError> {
        let filter = Filter::builder().key(FilterNameStringType::Name).values(prefix).build();
        let mut pages = self.secrets.list_secrets().filters(filter).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("list the secrets", &error))?;
            names.extend(page.secret_list.unwrap_or_default().into_iter().filter_map(|entry| entry.name));
        }
        Ok(names)
    }

    /// Writes a new version; creates the secret, or takes it back from deletion, if need be.
    pub(crate) async fn write_secret(&self, name: &str, value: &Value) -> Result<(), CommandError> {
        let text = value.to_string();
        let what = format!("write the secret {name}");
        let Err(error) = self.put(name, &text).await else { return Ok(()) };
        match error.as_service_error() {
            Some(PutSecretValueError::ResourceNotFoundException(_)) => {
                let created = self.secrets.create_secret().name(name).secret_string(text).send().await;
                created.map(drop).map_err(|error| failed(&what, &error))
            }
            Some(PutSecretValueError::InvalidRequestException(_)) => {
                let restored = self.secrets.restore_secret().secret_id(name).send().await;
                restored.map_err(|error| failed(&what, &error))?;
                self.put(name, &text).await.map(drop).map_err(|error| failed(&what, &error))
            }
            _ => Err(failed(&what, &error)),
        }
    }

    async fn put(
        &self,
        name: &str,
        text: &str,
    ) -> Result<
        aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueOutput,
        aws_sdk_secretsmanager::error::SdkError<PutSecretValueError>,
    > {
        self.secrets.put_secret_value().secret_id(name).secret_string(text).send().await
    }

    /// Marks a secret for deletion: it cannot be read from now on.
    pub(crate) async fn delete_secret(&self, name: &str) -> Result<(), CommandError> {
        let deletion = self.secrets.delete_secret().secret_id(name).recovery_window_in_days(RECOVERY_DAYS);
        deletion.send().await.map(drop).map_err(|error| failed(&format!("delete the secret {name}"), &error))
    }
}
