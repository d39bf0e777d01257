//! Any bytes as a packet to a worker.
#![no_main]

use forecourt::cluster::probe::from_master;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|packet: &[u8]| from_master(packet));
