//! The kit itself, against real servers, and the table of dependencies.

mod base;
mod clamd;
mod dependances;
mod smtp;
