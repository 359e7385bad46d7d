//! The client against providers that misbehave, and fuzz targets. The well-behaved provider is tested where it lives, in `bas`.

#[cfg(test)]
mod abime;
#[cfg(test)]
mod client;
