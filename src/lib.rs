pub mod gateway;
pub mod server;
pub mod telemetry;
