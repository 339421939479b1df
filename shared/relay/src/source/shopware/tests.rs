//! What Shopware's payloads come to.
