//! Which call of which party a request is.

use serde::Serialize;

/// Whose API a call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Party {
    Websand,
    Websale,
    Bigcommerce,
    Shopware,
    Shopify,
    /// A shop's own endpoint for status callbacks.
    Shop,
}

impl Party {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Websand, Self::Websale, Self::Bigcommerce, Self::Shopware, Self::Shopify, Self::Shop];

    /// The name before the dot of its calls.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Websand => "websand",
            Self::Websale => "websale",
            Self::Bigcommerce => "bigcommerce",
            Self::Shopware => "shopware",
            Self::Shopify => "shopify",
            Self::Shop => "shop",
        }
    }

    /// The name as its owner writes it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Websand => "Websand",
            Self::Websale => "WEBSALE",
            Self::Bigcommerce => "BigCommerce",
            Self::Shopware => "Shopware",
            Self::Shopify => "Shopify",
            Self::Shop => "the shop",
        }
    }
}

/// A call of one of them. Faults are ordered by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Transaction,
    Subscriber,
    Login,
    Create,
    Edit,
    Send,
    Personalised,
    Status,
    BigcommerceOrder,
    BigcommerceProducts,
    BigcommerceCoupons,
    BigcommerceCustomers,
    BigcommerceSubscriber,
    ShopwareToken,
    ShopwareSearch,
    ShopwareSearchIds,
    ShopifyOrder,
    ShopifyCustomer,
    Callback,
}

impl Call {
    /// All calls, in the order of the documentation.
    pub(crate) const ALL: [Self; 19] = [
        Self::Transaction,
        Self::Subscriber,
        Self::Login,
        Self::Create,
        Self::Edit,
        Self::Send,
        Self::Personalised,
        Self::Status,
        Self::BigcommerceOrder,
        Self::BigcommerceProducts,
        Self::BigcommerceCoupons,
        Self::BigcommerceCustomers,
        Self::BigcommerceSubscriber,
        Self::ShopwareToken,
        Self::ShopwareSearch,
        Self::ShopwareSearchIds,
        Self::ShopifyOrder,
        Self::ShopifyCustomer,
        Self::Callback,
    ];

    /// The name in faults and in the list of what was received.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "websand.transaction",
            Self::Subscriber => "websand.subscriber",
            Self::Login => "websale.login",
            Self::Create => "websale.create",
            Self::Edit => "websale.edit",
            Self::Send => "websale.send",
            Self::Personalised => "websale.personalised",
            Self::Status => "websale.status",
            Self::BigcommerceOrder => "bigcommerce.order",
            Self::BigcommerceProducts => "bigcommerce.products",
            Self::BigcommerceCoupons => "bigcommerce.coupons",
            Self::BigcommerceCustomers => "bigcommerce.customers",
            Self::BigcommerceSubscriber => "bigcommerce.subscriber",
            Self::ShopwareToken => "shopware.token",
            Self::ShopwareSearch => "shopware.search",
            Self::ShopwareSearchIds => "shopware.search-ids",
            Self::ShopifyOrder => "shopify.order",
            Self::ShopifyCustomer => "shopify.customer",
            Self::Callback => "shop.callback",
        }
    }

    /// Whose call it is.
    pub(crate) const fn party(self) -> Party {
        match self {
            Self::Transaction | Self::Subscriber => Party::Websand,
            Self::Login | Self::Create | Self::Edit | Self::Send | Self::Personalised | Self::Status => Party::Websale,
            Self::BigcommerceOrder
            | Self::BigcommerceProducts
            | Self::BigcommerceCoupons
            | Self::BigcommerceCustomers
            | Self::BigcommerceSubscriber => Party::Bigcommerce,
            Self::ShopwareToken | Self::ShopwareSearch | Self::ShopwareSearchIds => Party::Shopware,
            Self::ShopifyOrder | Self::ShopifyCustomer => Party::Shopify,
            Self::Callback => Party::Shop,
        }
    }
}
