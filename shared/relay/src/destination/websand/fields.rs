//! The names of the fields Websand gets.

use std::collections::BTreeMap;

/// One object of a request: what is in it under which name.
#[derive(Clone, Copy, Debug)]
pub struct Container {
    /// Names that Websand documents. They cannot be changed.
    pub fixed: &'static [&'static str],
    /// Names of our own choice; the setting `field_names` changes them. No name is in two containers.
    pub renamable: &'static [&'static str],
    /// Fields that are sent only if `field_names` gives them a name: nobody needs them for mailing.
    pub on_request: &'static [&'static str],
}

impl Container {
    /// Every field in the container: our name for it, and what it is called at the shop's account.
    pub fn names<'a>(
        &self,
        field_names: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        let fixed = self.fixed.iter().map(|name| (*name, *name));
        let renamed = |ours: &&'static str| (*ours, field_names.get(*ours).map_or(*ours, String::as_str));
        let requested = |ours: &&'static str| Some((*ours, field_names.get(*ours)?.as_str()));
        fixed.chain(self.renamable.iter().map(renamed)).chain(self.on_request.iter().filter_map(requested))
    }

    /// What this field of ours is called at the shop's account, if it is sent at all.
    pub(super) fn name_of<'a>(&self, ours: &'a str, field_names: &'a BTreeMap<String, String>) -> Option<&'a str> {
        match field_names.get(ours) {
            Some(theirs) => Some(theirs),
            None => (!self.on_request.contains(&ours)).then_some(ours),
        }
    }
}

/// A customer, in a transaction or as a subscriber.
pub const CUSTOMER: Container = Container {
    fixed: &["email"],
    renamable: &[
        "first",
        "surname",
        "companyname",
        "phone",
        "postcode",
        "city",
        "country",
        "language",
        "birthday",
        "tags",
        "source",
        "subscribed_at",
        "confirmed",
    ],
    on_request: &["customer_id", "vat_id"],
};

/// A line of an order.
pub const ITEM: Container = Container {
    fixed: &["name"],
    renamable: &[
        "sku",
        "quantity",
        "price",
        "line_total",
        "category",
        "url",
        "image_url",
        "original_price",
        "original_line_total",
    ],
    on_request: &["item_id"],
};

/// What an order costs.
pub const TOTAL: Container = Container {
    fixed: &["total"],
    renamable: &[
        "currency",
        "tax",
        "tax_included",
        "shipping",
        "discount",
        "refunded",
        "original_total",
        "original_currency",
        "original_tax",
        "original_shipping",
        "original_discount",
        "original_refunded",
    ],
    on_request: &[],
};

/// An order.
pub const TRANSACTION: Container = Container {
    fixed: &["_id", "submit_datetime", "customer", "items", "total"],
    renamable: &[
        "order_number",
        "status",
        "payment",
        "fulfilment",
        "coupons",
        "shop",
        "test",
        "order_language",
        "sales_channel",
        "order_tags",
    ],
    on_request: &[],
};

/// All of them.
pub const CONTAINERS: [Container; 4] = [CUSTOMER, ITEM, TOTAL, TRANSACTION];
