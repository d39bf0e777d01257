//! Any bytes as a packet to the master.
#![no_main]

use forecourt::cluster::probe::from_worker;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|packet: &[u8]| from_worker(packet));
