//! A webhook function without SDK, runtime or HTTP library: the floor that `order-placed` is measured against.

#![expect(clippy::disallowed_methods, reason = "nothing of the product is in here, its clock and variables neither")]

mod function;
mod http;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    function::serve()
}
