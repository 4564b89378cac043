//! Work begins.
fn main() {}
