//! What every floor may use: addresses as text, durations, hexadecimal digits, the bytes of HTTP/1, connections that are listened to, the
//! moment, futures that are never moved, what a panic said, sizes, shares, bodies of HTTP/2, templates with holes, suggestions.
//!
//! Stands on nothing of this crate. Never reads a file or the network; `moment` and `heard` alone read a clock.

pub mod address;
pub mod duration;
pub mod heard;
pub mod hex;
pub mod hole;
pub mod http1;
pub mod moment;
pub mod panic;
mod placed;
pub mod share;
pub mod size;
pub mod stream;
mod suggest;

pub use placed::placed;
pub use suggest::suggest;
