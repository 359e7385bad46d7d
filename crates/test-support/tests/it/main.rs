//! The kit itself, against real servers, and the table of dependencies.

mod base;
mod dependances;
mod smtp;
