//! All samples there are, and the places in them.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use ::http::{HeaderName, HeaderValue, Request};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Bird, is_song};
use crate::{
    ingest::{
        Endpoint,
        tests::{fixtures, header_source, platforms},
    },
    shop::Platform,
};

/// The size of a body that is small, in bytes.
const SMALL: usize = 400;

/// One webhook.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) platform: Platform,
    pub(super) endpoint: String,
    /// What a fixture's index says of it; of other samples only the headers.
    pub(super) entry: Value,
    body: Value,
    /// What the shop's API answers.
    pub(super) objects: Vec<Value>,
    /// It comes with a secret header instead of a signature.
    is_header: bool,
}

/// A place in a webhook that holds a value.
#[derive(Clone)]
pub(super) enum Place {
    Header(String),
    Body(String),
    /// The name of a field, by the field's place.
    Name(String),
    Object(usize, String),
}

impl Place {
    /// The place without numbers of elements: all elements are alike.
    pub(super) fn shape(&self) -> String {
        let plain = |pointer: &str| {
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            pointer.split('/').map(|part| if is_number(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
        };
        match self {
            Self::Header(name) => format!("header {name}"),
            Self::Body(pointer) => format!("body{}", plain(pointer)),
            Self::Name(pointer) => format!("name of body{}", plain(pointer)),
            Self::Object(_, pointer) => format!("object{}", plain(pointer)),
        }
    }

    /// Whether it is in a body.
    pub(super) const fn is_inner(&self) -> bool {
        !matches!(self, Self::Header(_))
    }

    /// What is put there. The name of a field that should not be there is told, unless it is an address: it is the
    /// sender's mistake, and how it is found.
    pub(super) const fn birds(&self) -> &'static [Bird] {
        match self {
            Self::Name(_) => &[Bird::Address],
            _ => Bird::ALL,
        }
    }
}

impl Sample {
    /// Every header, and every string and number.
    pub(super) fn places(&self) -> Vec<Place> {
        let headers = self.entry["headers"].as_object().into_iter().flatten();
        let mut places: Vec<Place> = headers.map(|(name, _)| Place::Header(name.clone())).collect();
        places.extend(["traceparent", "user-agent", "content-type"].map(|name| Place::Header(name.to_owned())));
        let mut pointers = Vec::new();
        leaves(&self.body, &mut String::new(), &mut pointers);
        // Platforms' fields are picked by name; only shops' own and those of our format are looked at whatever they are.
        let is_named_freely = |pointer: &&String| self.platform == Platform::Canonical || pointer.contains("custom");
        places.extend(pointers.iter().filter(is_named_freely).cloned().map(Place::Name));
        places.extend(pointers.drain(..).map(Place::Body));
        for (number, object) in self.objects.iter().enumerate() {
            leaves(object, &mut String::new(), &mut pointers);
            places.extend(pointers.drain(..).map(|pointer| Place::Object(number, pointer)));
        }
        places
    }

    /// The sample with another text in this place.
    pub(super) fn with(&self, place: &Place, text: &str) -> Option<Self> {
        let mut changed = self.clone();
        match place {
            Place::Header(name) => changed.entry["headers"][name] = text.into(),
            Place::Body(pointer) => *changed.body.pointer_mut(pointer)? = text.into(),
            Place::Name(pointer) => {
                let (holder, name) = pointer.rsplit_once('/')?;
                let holder = changed.body.pointer_mut(holder)?.as_object_mut()?;
                let value = holder.remove(&name.replace("~1", "/").replace("~0", "~"))?;
                holder.insert(text.to_owned(), value);
            }
            Place::Object(number, pointer) => *changed.objects.get_mut(*number)?.pointer_mut(pointer)? = text.into(),
        }
        Some(changed)
    }

    /// What it is like. Of large samples of one kind each place is tried once: orders have one shape, and customers
    /// another, whatever the topic. Small ones are tried in full.
    pub(super) fn kind(&self) -> String {
        let family = self.endpoint.split('-').next().unwrap_or_default();
        if self.body.to_string().len() < SMALL { self.name.clone() } else { format!("{family} {}", self.is_header) }
    }

    /// Whether there is a canary in what the shop's API answers.
    pub(super) fn is_fetched_from(&self) -> bool {
        self.objects.iter().any(|object| is_song(&object.to_string()))
    }

    /// The shop's webhook secret.
    pub(super) fn secret(&self) -> Value {
        if self.is_header { header_source() } else { platforms::everything() }
    }

    pub(super) fn request(&self) -> Request<Bytes> {
        let mut request = Request::post(format!("/webhooks/acme/{}", self.endpoint));
        if self.entry["headers"].get("content-type").is_none() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in self.entry["headers"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request = request.header(name, HeaderValue::from_str(value.as_str().unwrap()).unwrap());
        }
        let request = request.body(Bytes::from(self.body.to_string())).unwrap();
        if self.is_header {
            let (mut parts, body) = request.into_parts();
            parts.headers.insert("x-shop-key", HeaderValue::from_static("new"));
            return Request::from_parts(parts, body);
        }
        platforms::sign(self.platform, request)
    }
}

fn leaves(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let end = pointer.len();
    match value {
        Value::Array(elements) => {
            for (number, element) in elements.iter().enumerate() {
                write!(pointer, "/{number}").unwrap();
                leaves(element, pointer, found);
                pointer.truncate(end);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1")).unwrap();
                leaves(field, pointer, found);
                pointer.truncate(end);
            }
        }
        _ => found.push(pointer.clone()),
    }
}

/// All samples of a platform.
pub(super) fn of(platform: Platform) -> Vec<Sample> {
    let mut samples: Vec<Sample> =
        fixtures::index(platform).into_iter().filter_map(|entry| fixture(platform, entry)).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let folder = match platform {
        Platform::Canonical => root.join("canonical"),
        _ => root.join("sources").join(platform.name()),
    };
    samples.extend(files(&folder).iter().flat_map(|file| samples_of(platform, file)));
    for sample in &mut samples {
        sample.objects.iter_mut().chain([&mut sample.body]).for_each(shorten);
        if let Some(entry) = sample.entry.as_object_mut() {
            entry.retain(|name, _| ["headers", "platform"].contains(&name.as_str()));
        }
    }
    samples
}

/// Elements of a list are alike: two of them do.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(elements) => {
            elements.truncate(2);
            elements.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

fn fixture(platform: Platform, entry: Value) -> Option<Sample> {
    let object = |name: &Value| {
        let file = json!({"file": name});
        serde_json::from_slice(&fixtures::body(platform, &file)).unwrap()
    };
    Some(Sample {
        name: format!("{platform}/{}", entry["file"].as_str()?),
        platform,
        endpoint: entry["endpoint"].as_str()?.to_owned(),
        body: serde_json::from_slice(&fixtures::body(platform, &entry)).ok()?,
        objects: entry["api"].as_array().into_iter().flatten().map(object).collect(),
        entry,
        is_header: false,
    })
}

/// A sample event is sent wherever it may belong; canonical ones also by systems that cannot sign.
fn samples_of(platform: Platform, file: &Path) -> Vec<Sample> {
    let body: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let headers = match platform {
        Platform::Shopify => json!({
            "x-shopify-topic": stem.replace('-', "/"), "x-shopify-shop-domain": "acme.myshopify.com",
            "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5", "x-shopify-triggered-at": "2026-01-05T10:30:00Z",
        }),
        Platform::Woocommerce => json!({
            "x-wc-webhook-topic": stem.replace('-', "."), "x-wc-webhook-source": "https://shop.example.com/",
            "x-wc-webhook-delivery-id": "5f0ef55d5ff1a4a7c7f1c0de0a5d3b11",
        }),
        Platform::Shopware => {
            json!({"x-shopware-event-id": "0190f1c7e1d27000a1b2c3d4e5f60718", "sw-user-language": "de-DE"})
        }
        Platform::Canonical | Platform::Bigcommerce => json!({}),
    };
    let ways = if platform == Platform::Canonical { &[false, true][..] } else { &[false] };
    let endpoints = [Endpoint::OrderPlaced, Endpoint::CustomerUpdated, Endpoint::PromotionScheduled];
    let endpoints = endpoints.into_iter().filter(|endpoint| belongs(platform, *endpoint, stem));
    let sample = |(endpoint, is_header): (Endpoint, bool)| Sample {
        name: format!("events/{platform}/{stem}{}", if is_header { " by header" } else { "" }),
        platform,
        endpoint: endpoint.name().to_owned(),
        entry: json!({"headers": headers}),
        body: body.clone(),
        objects: Vec::new(),
        is_header,
    };
    endpoints.flat_map(|endpoint| ways.iter().map(move |way| (endpoint, *way))).map(sample).collect()
}

/// Only our own format knows promotions, and its names say what they are.
fn belongs(platform: Platform, endpoint: Endpoint, stem: &str) -> bool {
    match platform {
        Platform::Canonical => endpoint.name().split('-').next() == stem.split('.').next(),
        _ => endpoint != Endpoint::PromotionScheduled,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}
