//! HTTP to addresses that are somebody else's word: public ones only, whatever their names lead to.

use std::{net::IpAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::ClientConfig;

use super::{
    CallError, Http, Request, Response,
    client::{ClientError, ReqwestHttp, builder, execute},
};
use crate::{
    Async,
    callback::target::{Allowed, Way, is_public},
};

#[cfg(test)]
mod tests;

/// HTTP through reqwest to public addresses, and to those that an operator has named.
#[derive(Clone, Debug)]
pub struct GuardedHttp {
    public: reqwest::Client,
    named: ReqwestHttp,
    allowed: Allowed,
}

impl GuardedHttp {
    /// A client over this TLS configuration ([`crate::tls::client_config`]).
    pub fn new(tls: Arc<ClientConfig>, allowed: Allowed) -> Result<Self, ClientError> {
        // A connection is never used twice: each time the name is resolved anew, and what it leads to is looked at.
        let public = builder(&tls, 0).dns_resolver(Arc::new(PublicOnly { is_public }));
        Ok(Self { public: public.build().map_err(ClientError::from)?, named: ReqwestHttp::new(tls)?, allowed })
    }
}

impl Http for GuardedHttp {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        Box::pin(async move {
            match self.allowed.way(&request.url) {
                Ok(Way::IfPublic) => execute(&self.public, request).await,
                Ok(Way::AsNamed) => self.named.call(request).await,
                Err(why) => Err(CallError::NotSent(format!("the address is not called: {why}"))),
            }
        })
    }
}

/// Resolves names as the system does, and leaves out what is not public. The connection goes to what is left, so that a
/// name that leads somewhere else a moment later changes nothing.
struct PublicOnly {
    is_public: fn(IpAddr) -> bool,
}

/// No address of a name may be called.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let is_public = self.is_public;
        Box::pin(async move {
            let mut found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            found.retain(|address| is_public(address.ip()));
            if found.is_empty() { Err(NotPublic.into()) } else { Ok(Box::new(found.into_iter()) as Addrs) }
        })
    }
}
