//! Ports of loopback for servers that are stopped and come back at the same address.

use std::net::{Ipv4Addr, TcpListener};

use crate::Error;

/// Below what Linux hands out by itself (`net.ipv4.ip_local_port_range`, by default from 32768): while a server is down, its
/// port goes to no connection and to nobody who asks for any port.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;
const TRIES: usize = 1000;

/// A port on which nobody listens, drawn by lot.
///
/// # Errors
///
/// There are no random numbers, or none of many is free.
pub fn free_port() -> Result<u16, Error> {
    for _ in 0..TRIES {
        let mut lot = [0; 2];
        getrandom::fill(&mut lot).map_err(|error| Error::Machine(format!("no random numbers: {error}")))?;
        let port = FIRST + u16::from_le_bytes(lot) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::Machine(format!("none of {TRIES} ports from {FIRST} on is free on 127.0.0.1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_drawn_and_the_others_are_not_handed_out() {
        let held: Vec<TcpListener> = (0..50)
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free_port().unwrap())).unwrap())
            .collect();
        for listener in &held {
            assert!((FIRST..FIRST + COUNT).contains(&listener.local_addr().unwrap().port()));
        }
    }
}
