//! As much of SQS, Secrets Manager and DynamoDB as the functions use. Every request's signature is checked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::Request;
use md5::{Digest, Md5};
use relay_floor::{Signed, hex};
use serde_json::{Map, Value, json};

use crate::server::{Answer, Service, at_once, json};

mod dynamodb;

/// The region of all services.
pub(crate) const REGION: &str = "eu-west-1";
/// The one access key.
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE0000000";
/// Its secret.
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// What the services know and what was asked of them.
#[derive(Default)]
pub(crate) struct State {
    /// By name.
    pub(crate) secrets: BTreeMap<String, String>,
    /// The bodies of the messages sent.
    pub(crate) sent: Vec<String>,
    table: BTreeMap<String, Map<String, Value>>,
    /// Accepted calls, by operation.
    pub(crate) calls: BTreeMap<String, u64>,
    /// The refusals: operation and why.
    pub(crate) refused: Vec<String>,
}

/// All three services; each has a server of its own.
#[derive(Default)]
pub(crate) struct Aws(Mutex<State>);

impl Aws {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a call is refused: AWS's code, and more where there is more.
type Refusal = (&'static str, Value);

impl Service for Aws {
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>> {
        let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or("nothing").to_owned();
        let mut state = self.state();
        match call(&mut state, &operation, &request) {
            Ok(output) => {
                *state.calls.entry(operation).or_default() += 1;
                at_once(json(200, output.to_string()))
            }
            Err((code, more)) => {
                state.refused.push(format!("{operation}: {code}"));
                let mut body = json!({"__type": format!("com.amazonaws#{code}"), "message": "refused"});
                if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
                    body.extend(more);
                }
                at_once(json(400, body.to_string()))
            }
        }
    }
}

fn call(state: &mut State, operation: &str, request: &Request<Bytes>) -> Result<Value, Refusal> {
    if !is_signed(request) {
        return Err(("InvalidSignatureException", Value::Null));
    }
    let input: Value = serde_json::from_slice(request.body()).map_err(|_| ("SerializationException", Value::Null))?;
    match operation {
        "GetSecretValue" => {
            let name = input["SecretId"].as_str().unwrap_or_default();
            let secret = state.secrets.get(name).ok_or(("ResourceNotFoundException", Value::Null))?;
            Ok(json!({"Name": name, "SecretString": secret, "VersionStages": ["AWSCURRENT"], "CreatedDate": 1.7e9}))
        }
        "SendMessage" => {
            let body = input["MessageBody"].as_str().ok_or(("MissingParameter", Value::Null))?;
            state.sent.push(body.to_owned());
            let digest = hex(&Md5::digest(body.as_bytes()));
            Ok(json!({"MessageId": format!("message-{}", state.sent.len()), "MD5OfMessageBody": digest}))
        }
        "SendMessageBatch" if input["Entries"].as_array().is_some_and(Vec::is_empty) => {
            Err(("EmptyBatchRequest", Value::Null))
        }
        "ChangeMessageVisibility" => Ok(json!({})),
        _ => dynamodb::call(&mut state.table, operation, &input),
    }
}

/// Whether the request is signed with the one key, over all that its signature names.
fn is_signed(request: &Request<Bytes>) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let check = || {
        let authorization = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let part =
            |name: &str| authorization.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let credential: Vec<_> = part("Credential")?.split('/').collect();
        let [ACCESS_KEY, _, region, service, "aws4_request"] = credential.as_slice() else { return None };
        let names = part("SignedHeaders")?.split(';');
        let headers: Vec<_> = names.map(|name| Some((name, header(name)?.trim()))).collect::<Option<_>>()?;
        let at = header("x-amz-date").filter(|at| at.len() == 16)?;
        let signed = Signed { at, region, service, headers: &headers, body: request.body() };
        (signed.signature(SECRET_KEY) == part("Signature")?).then_some(())
    };
    check().is_some()
}
