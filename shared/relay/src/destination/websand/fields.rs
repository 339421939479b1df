//! The names of the fields Websand gets.

use std::collections::BTreeMap;

/// One object of a request: what is in it under which name.
#[derive(Clone, Copy, Debug)]
pub struct Container {
    /// Names that Websand documents. They cannot be changed.
    pub fixed: &'static [&'static str],
    /// Names of our own choice; the setting `field_names` changes them. No name is in two containers.
    pub renamable: &'static [&'static str],
}

impl Container {
    /// Every name in the container, the renamable ones as the shop calls them.
    pub fn names<'a>(&self, field_names: &'a BTreeMap<String, String>) -> impl Iterator<Item = &'a str> + use<'a> {
        let renamed = |ours: &&'static str| field_names.get(*ours).map_or(*ours, String::as_str);
        self.fixed.iter().copied().chain(self.renamable.iter().map(renamed))
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
};

/// A line of an order.
pub const ITEM: Container = Container { fixed: &["name"], renamable: &["sku", "quantity", "price", "category"] };

/// What an order costs.
pub const TOTAL: Container =
    Container { fixed: &["total"], renamable: &["currency", "tax", "shipping", "discount", "refunded"] };

/// An order.
pub const TRANSACTION: Container = Container {
    fixed: &["_id", "submit_datetime", "customer", "items", "total"],
    renamable: &["order_number", "status", "payment", "fulfilment", "coupons", "shop"],
};

/// All of them.
pub const CONTAINERS: [Container; 4] = [CUSTOMER, ITEM, TOTAL, TRANSACTION];
