//! Both realms behind real TLS: witness clients, our own client, a browser, and everything that must be refused.

#[cfg(test)]
mod apis;
#[cfg(test)]
mod banc;
mod client;
#[cfg(test)]
mod deconnexion;
#[cfg(test)]
mod journal;
mod page;
#[cfg(test)]
mod psc;
#[cfg(test)]
mod refus;
#[cfg(test)]
mod temoin;
