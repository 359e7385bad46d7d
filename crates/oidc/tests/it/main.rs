//! The client against providers that misbehave. The well-behaved one is tested where it lives, in `bas`.

#[cfg(test)]
mod client;
