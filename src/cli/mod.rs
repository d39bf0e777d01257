//! The command line: arguments in, an exit code out. One file a command.
//!
//! Stands on everything; nothing stands on it. The only place with `anyhow` and with printing.

mod check;
mod demo;
mod exit;
mod explain;
mod health;
mod load;
mod log;
mod routes;
mod runtime;
mod schema;
mod serve;
mod shape;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use exit::Exit;

/// A backend-for-frontend gateway: clean JSON, requests checked once, and the first screen already rendered.
#[derive(Debug, Parser)]
#[command(name = "forecourt", version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the routes of a configuration (the default)
    Serve(ServeArguments),
    /// Check a configuration and print everything that is wrong with it
    Check(ConfigArgument),
    /// List the routes of a configuration
    Routes(RoutesArguments),
    /// Shape a reply as a route would, from a file or standard input
    Shape(shape::ShapeArguments),
    /// Serve the built-in sample backend alone
    Demo {
        /// The address to listen on
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9100")]
        listen: SocketAddr,
    },
    /// Print the JSON Schema of routes.yaml, for an editor's completion
    Schema,
    /// Ask a running gateway whether it is ready; the health check of a container
    Health {
        /// What to ask; by default the first listener of the configuration
        #[arg(long, value_name = "URL", value_parser = health::url)]
        url: Option<String>,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// A worker process; started by the master alone
    #[command(hide = true)]
    Worker {
        /// Runtime threads
        #[arg(long, default_value_t = 1)]
        threads: usize,
    },
}

/// Which configuration.
#[derive(Debug, Clone, Args)]
struct ConfigArgument {
    /// The configuration
    #[arg(short, long, value_name = "FILE", env = "FORECOURT_CONFIG", default_value = "routes.yaml")]
    config: PathBuf,
}

/// Which routes, and how much about them.
#[derive(Debug, Clone, Args)]
struct RoutesArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Tell how each route's steps are run: what works on the bytes in one pass, what needs a tree, and why
    #[arg(long)]
    explain: bool,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
struct ServeArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Listen here instead of where the configuration says; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<SocketAddr>,
    /// Start this many workers instead of what the configuration says
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
}

const EXAMPLES: &str = "\
Examples:
  forecourt                                  serve ./routes.yaml
  forecourt -c shop/routes.yaml --workers 4  serve another file with four workers
  forecourt serve --listen 0.0.0.0:80        serve on another address
  forecourt check                            everything that is wrong with ./routes.yaml
  forecourt routes                           a table of its routes
  forecourt shape 'GET /detail/1' < r.json   what that route makes of a reply; --trace step by step
  forecourt demo --listen 127.0.0.1:9100     the sample backend alone
  forecourt schema > routes.schema.json      completion for an editor

Environment:
  FORECOURT_CONFIG  the configuration, when -c is not given
  FORECOURT_LOG     what is logged: error, warn, info (default), debug, trace

Exit codes:
  0 fine   64 usage   66 a file cannot be read   69 cannot serve (port taken, not ready)
  70 a defect of ours   71 the system refused   77 no permission   78 configuration";

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let result = match arguments.command {
        None => serve::run(&arguments.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Check(config)) => check::run(&config.config),
        Some(Command::Routes(routes)) if routes.explain => explain::run(&routes.config.config),
        Some(Command::Routes(routes)) => routes::run(&routes.config.config),
        Some(Command::Shape(shape)) => shape::run(&shape),
        Some(Command::Demo { listen }) => demo::run(listen),
        Some(Command::Schema) => schema::run(),
        Some(Command::Health { url, config }) => health::run(url, &config.config),
        Some(Command::Worker { threads }) => worker::run(threads),
    };
    Exit::report(result)
}
