//! Reads an order from its canonical JSON.

use jiff::Timestamp;

use super::{Item, Order, OrderStatus, Total};
use crate::event::{Customer, EventType, FaultCode, Quantity, Reader};

#[rustfmt::skip]
const ORDER: [&str; 16] = [
    "id", "number", "placed_at", "updated_at", "status", "payment", "fulfilment", "test", "language", "sales_channel",
    "customer", "items", "total", "coupons", "tags", "custom",
];
const ITEM: [&str; 10] =
    ["id", "name", "sku", "quantity", "unit_price", "total", "category", "url", "image_url", "custom"];
const TOTAL: [&str; 7] = ["amount", "currency", "tax", "tax_included", "shipping", "discount", "refunded"];

impl Order {
    /// Reads the data of `order.placed` or `order.updated`.
    ///
    /// An update says nothing about consent: it may come long after the buyer withdrew it.
    pub fn read(place: &Reader<'_>, kind: EventType, now: Timestamp) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&ORDER);
        let words = |field: &str| place.optional(field, Reader::words);
        let lists = |field: &str| place.optional(field, Reader::list_of_words).unwrap_or_default();
        let is_update = kind == EventType::OrderUpdated;
        let updated_at = place.optional("updated_at", |place| place.revision_time(now));
        if is_update && !place.has("updated_at") {
            let _: Option<()> = place.fault_at("updated_at", FaultCode::Missing, "is required in order.updated");
        }
        let (id, placed_at) = (place.required("id", Reader::id), place.required("placed_at", Reader::time));
        let customer = place.required("customer", |place| Customer::read_buyer(place, now));
        let items = place.required("items", items);
        let total = place.required("total", Total::read);
        let status = place.optional("status", |place| place.one_of(&OrderStatus::ALL, OrderStatus::name));
        Some(Self {
            number: words("number"),
            updated_at,
            status: status.unwrap_or_default(),
            payment: words("payment"),
            fulfilment: words("fulfilment"),
            test: place.optional("test", Reader::boolean).unwrap_or_default(),
            language: words("language"),
            sales_channel: words("sales_channel"),
            coupons: lists("coupons"),
            tags: lists("tags"),
            custom: place.optional("custom", Reader::further).unwrap_or_default(),
            id: id?,
            placed_at: placed_at?,
            customer: customer.map(|buyer| if is_update { buyer.without_consent() } else { buyer })?,
            items: items?,
            total: total?,
        })
    }
}

fn items(place: &Reader<'_>) -> Option<Vec<Item>> {
    if place.value().as_array().is_some_and(Vec::is_empty) {
        return place.fault(FaultCode::Empty, "must have at least one item");
    }
    place.array(Item::read)
}

impl Item {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&ITEM);
        let words = |field: &str| place.optional(field, Reader::words);
        let name = place.required("name", Reader::text);
        let read = Self {
            id: words("id"),
            sku: words("sku"),
            quantity: place.optional("quantity", Reader::quantity).unwrap_or(Quantity::ONE),
            unit_price: place.optional("unit_price", Reader::money),
            total: place.optional("total", Reader::money),
            category: words("category"),
            url: words("url"),
            image_url: words("image_url"),
            custom: place.optional("custom", Reader::further).unwrap_or_default(),
            name: name?.to_owned(),
        };
        Some(read)
    }
}

impl Total {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&TOTAL);
        let money = |field: &str| place.optional(field, Reader::money);
        let amount = place.required("amount", Reader::money);
        let read = Self {
            currency: place.optional("currency", Reader::currency),
            tax: money("tax"),
            tax_included: place.optional("tax_included", Reader::boolean),
            shipping: money("shipping"),
            discount: money("discount"),
            refunded: money("refunded"),
            amount: amount?,
        };
        Some(read)
    }
}
