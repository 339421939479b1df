//! Faults to order: which calls go wrong, how often, and how.

use std::{str::FromStr, time::Duration};

use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, Party};

/// The grammar of `--fault`, shown by `--help`.
pub(crate) const GRAMMAR: &str = "\
Faults: --fault CALL:KEY=VALUE,… (several times; the first that fits a request is taken)
  CALL         websand.transaction  websand.subscriber  websale.login  websale.create  websale.edit
               websale.send  websale.personalised  websale.status  bigcommerce.order  bigcommerce.products
               bigcommerce.coupons  bigcommerce.customers  bigcommerce.subscriber  shopware.token
               shopware.search  shopware.search-ids  shopify.order  shopify.customer, or all of one: websand.* …,
               or *
  what happens (one of)
    status=503     this status; with retry-after=SECONDS and body=TEXT (body last: it may have commas)
    reset          the connection is reset without an answer
    garbage        200 with a body that is no JSON
    hang           no answer, the connection stays open
  delay-ms=500   waits first; alone, or with one of the above
  when=before    the request is not processed (default); when=after: processed, then the fault
  of=acme        only calls of this Websand account, WEBSALE subshop (log-in: shop id) or BigCommerce store
  times=2        ends after two (default: never)
  every=3        only each third fitting request
  probability=0.1,seed=7   by chance, the same each time for a seed
Examples: websand.transaction:status=503,times=2,retry-after=1    websale.personalised:reset,when=after,times=1
At run time: POST a JSON list to /_sandbox/faults ([{\"call\": \"websale.send\", \"status\": 503, \"times\": 1}], keys with
_ for -), GET shows them with how often each struck, DELETE ends them all.";

/// A fault as ordered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Fault {
    ordered: Order,
    effect: Option<Effect>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    call: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<Value>,
    #[serde(default, skip_serializing_if = "is_false")]
    reset: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    garbage: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    hang: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default)]
    when: When,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Whether the request is processed before things go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum When {
    #[default]
    Before,
    After,
}

/// What a request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Status { status: u16, body: String, retry_after: Option<String> },
    Reset,
    Garbage,
    Hang,
}

/// A fault that strikes one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) when: When,
    pub(super) delay: Duration,
    pub(super) effect: Option<Effect>,
}

/// The faults in force.
#[derive(Default)]
pub(super) struct Faults(Vec<Live>);

struct Live {
    fault: Fault,
    seen: u64,
    struck: u64,
    chance: u64,
}

impl Faults {
    /// Adds faults behind those in force.
    pub(super) fn add(&mut self, faults: Vec<Fault>) {
        let live = |fault: Fault| Live { chance: fault.ordered.seed.unwrap_or_default(), fault, seen: 0, struck: 0 };
        self.0.extend(faults.into_iter().map(live));
    }

    /// Ends all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that strikes this call of this owner.
    pub(super) fn strike(&mut self, call: Call, owner: &str) -> Option<Strike> {
        self.0.iter_mut().find_map(|live| live.strike(call, owner))
    }

    /// Each fault with how often it struck.
    pub(super) fn state(&self) -> Value {
        let shown = self.0.iter().map(|live| {
            let mut shown = Value::from(live.fault.clone());
            shown["struck"] = live.struck.into();
            shown
        });
        shown.collect()
    }
}

impl Live {
    fn strike(&mut self, call: Call, owner: &str) -> Option<Strike> {
        let order = &self.fault.ordered;
        let is_of_another = order.of.as_ref().is_some_and(|of| of != owner);
        if !fits(&order.call, call) || is_of_another || order.times.is_some_and(|times| self.struck >= times) {
            return None;
        }
        self.seen += 1;
        if order.every.is_some_and(|every| !self.seen.is_multiple_of(every)) {
            return None;
        }
        if let Some(probability) = order.probability
            && next_chance(&mut self.chance) >= probability
        {
            return None;
        }
        self.struck += 1;
        Some(Strike {
            when: order.when,
            delay: Duration::from_millis(order.delay_ms.unwrap_or_default()),
            effect: self.fault.effect.clone(),
        })
    }
}

fn fits(pattern: &str, call: Call) -> bool {
    pattern == "*" || pattern == call.name() || pattern.strip_suffix(".*") == Some(call.party().name())
}

/// `SplitMix64`: a number from 0 (included) to 1 (excluded), the same sequence for the same seed.
fn next_chance(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    f64::from(u32::try_from(mixed >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}

impl TryFrom<Value> for Fault {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let ordered: Order = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let parties = Party::ALL.map(|party| format!("{}.*", party.name()));
        let known = Call::ALL.iter().map(|call| call.name()).chain(parties.iter().map(String::as_str)).chain(["*"]);
        let known: Vec<&str> = known.collect();
        if !known.contains(&ordered.call.as_str()) {
            return Err(format!("there is no call {:?}; there are {}", ordered.call, known.join(", ")));
        }
        if ordered.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("probability must be from 0 to 1".into());
        }
        if ordered.every == Some(0) {
            return Err("every must be at least 1".into());
        }
        let effect = ordered.effect()?;
        if effect.is_none() && ordered.delay_ms.is_none() {
            return Err("say what happens: status, reset, garbage, hang or delay-ms".into());
        }
        Ok(Self { ordered, effect })
    }
}

impl Order {
    fn effect(&self) -> Result<Option<Effect>, String> {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let status = self.status.map(|status| Effect::Status {
            status,
            body: self.body.as_ref().map(plain).unwrap_or_default(),
            retry_after: self.retry_after.as_ref().map(plain),
        });
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err("status must be from 200 to 599".into());
        }
        if self.status.is_none() && (self.body.is_some() || self.retry_after.is_some()) {
            return Err("body and retry-after need a status".into());
        }
        if self.retry_after.as_ref().is_some_and(|value| HeaderValue::from_str(&plain(value)).is_err()) {
            return Err("retry-after is no header value".into());
        }
        let others = [(self.reset, Effect::Reset), (self.garbage, Effect::Garbage), (self.hang, Effect::Hang)];
        let mut effects = status.into_iter().chain(others.into_iter().filter(|(on, _)| *on).map(|(_, effect)| effect));
        let effect = effects.next();
        if effects.next().is_some() {
            Err("status, reset, garbage and hang exclude each other".into())
        } else {
            Ok(effect)
        }
    }
}

impl From<Fault> for Value {
    fn from(fault: Fault) -> Self {
        serde_json::to_value(fault.ordered).unwrap_or_default()
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (call, mut rest) = text.split_once(':').ok_or("must be CALL:KEY=VALUE,…")?;
        let mut order = Map::from_iter([("call".to_owned(), call.into())]);
        while !rest.is_empty() {
            if let Some(body) = rest.strip_prefix("body=") {
                order.insert("body".into(), body.into());
                break;
            }
            let (part, after) = rest.split_once(',').unwrap_or((rest, ""));
            let (key, value) = part.split_once('=').unwrap_or((part, "true"));
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            if order.insert(key.trim().replace('-', "_"), value).is_some() {
                return Err(format!("{key} is given twice"));
            }
            rest = after;
        }
        Self::try_from(Value::Object(order))
    }
}

#[cfg(test)]
mod tests;
