//! Placeholder.
use super::{CallError, Http, Request, Response};
use crate::Async;

/// HTTP through reqwest.
#[derive(Clone)]
pub struct ReqwestHttp {}

impl Http for ReqwestHttp {
    fn call(&self, _request: Request) -> Async<'_, Result<Response, CallError>> {
        todo!()
    }
}
