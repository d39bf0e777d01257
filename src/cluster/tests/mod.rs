//! Master and workers in one process, over real channels and real TCP: only fork and exec are played.

mod apart;
mod descriptors;
mod house;
mod lifecycle;
mod process;
mod reloading;
mod staff;
mod telling;
mod traffic;
