//! The binary as people run it: what it prints, what it refuses, what survives a kill.

mod commandes;
mod coupures;
mod navigateur;
mod noeuds;
mod traces;
mod up;
