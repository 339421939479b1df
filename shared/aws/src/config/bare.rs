//! Calls without what nobody reads: the SDK's version and features, an id for each call, the number of the attempt. The
//! SDK makes these headers up for each call and signs the longest of them, which is a tenth of what a call costs.

use aws_runtime::{
    invocation_id::InvocationIdInterceptor, request_info::RequestInfoInterceptor, user_agent::UserAgentInterceptor,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::interceptors::{
        Intercept, context::BeforeSerializationInterceptorContextRef, disable_interceptor, dyn_dispatch_hint,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

const WHY: &str = "nobody reads it";

/// Switches off what adds these headers. Who is asking, the connector says.
#[derive(Debug)]
pub(super) struct Bare;

#[dyn_dispatch_hint]
impl Intercept for Bare {
    fn name(&self) -> &'static str {
        "Bare"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = config.interceptor_state();
        state.store_put(disable_interceptor::<UserAgentInterceptor>(WHY));
        state.store_put(disable_interceptor::<InvocationIdInterceptor>(WHY));
        state.store_put(disable_interceptor::<RequestInfoInterceptor>(WHY));
        Ok(())
    }
}
