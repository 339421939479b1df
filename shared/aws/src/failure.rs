//! What is said about a failed AWS call.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use relay::text::with_causes;

/// The service's own code and message, or how the call failed, in one line. Never a body.
pub fn describe<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    if let Some(answer) = error.as_service_error() {
        let code = answer.code().unwrap_or("no error code");
        return answer.message().map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"));
    }
    with_causes(error)
}
