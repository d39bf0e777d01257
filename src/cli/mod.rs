//! The command line: arguments in, an exit code out. One file a command.
//!
//! Stands on everything; nothing stands on it. The only place with `anyhow` and with printing.

mod allocator;
mod ask;
mod check;
mod configuration;
mod control_argument;
mod deep;
mod demo;
mod drill;
mod events;
mod exit;
mod explain;
mod files;
mod flight;
mod health;
mod hearsay;
mod load;
mod log;
mod memory;
mod operation;
mod peers;
mod pid_file;
mod program_pages;
mod publish;
mod purge;
mod reload;
mod reopen;
mod routes;
mod runtime;
mod scale;
mod schema;
mod serve;
mod shape;
mod start;
mod status;
mod stop;
mod upgrade;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

pub use allocator::Allocator;
use control_argument::ControlArgument;
use exit::Exit;
use files::FileArguments;

use crate::plan::Listen;

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
    /// The same, or in the background with --daemon
    Start(start::StartArguments),
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
        /// What to ask; by default the first IP address that the configuration listens on
        #[arg(long, value_name = "URL", value_parser = health::url)]
        url: Option<String>,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Show how a running gateway is: its groups and its workers
    Status(status::StatusArguments),
    /// Have a running gateway serve its configuration as it is now, without a pause
    Reload(reload::ReloadArguments),
    /// Give a running gateway new workers, without a pause
    Restart(reload::ReloadArguments),
    /// Change the number of workers of a running gateway
    Scale(scale::ScaleArguments),
    /// Stop a running gateway, and wait for its end
    Stop(stop::StopArguments),
    /// Print what has happened to a running gateway, as JSON lines
    Events(events::EventsArguments),
    /// Tell all workers of a running gateway
    Publish(publish::PublishArguments),
    /// Drop what all workers of a running gateway keep of answers
    Purge(purge::PurgeArguments),
    /// Have a running gateway open its log files again
    Reopen(ControlArgument),
    /// Have the program file, as it is now, take over from a running gateway
    Upgrade(ControlArgument),
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

const LISTEN_HELP: &str = "Listen here instead of where the configuration says: 0.0.0.0:80, [::]:80, unix:/PATH or systemd:NAME; may be given \
                           several times";

/// How to serve.
#[derive(Debug, Clone, Args)]
struct ServeArguments {
    #[command(flatten)]
    control: ControlArgument,
    // Written as a help text because `[::]` would be a link in a doc comment.
    #[arg(long, value_name = "ADDRESS", help = LISTEN_HELP)]
    listen: Vec<Listen>,
    /// Start this many workers instead of what the configuration says
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    #[command(flatten)]
    files: FileArguments,
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
  forecourt start --daemon --log f.log       serve ./routes.yaml in the background
  forecourt reload                           serve ./routes.yaml as it is now, without a pause
  forecourt status                           a table of the workers
  forecourt purge --tag item-7               drop what is kept under this tag, in every worker

Environment:
  FORECOURT_CONFIG        the configuration, when -c is not given
  FORECOURT_CONTROL       the control socket, when --control is not given
  FORECOURT_LOG           what is logged: error, warn, info (default), debug, trace
  FORECOURT_SCHED_POLICY  the policy of every group, whatever the configuration says

Exit codes:
  0 fine   64 usage   66 a file cannot be read   69 cannot serve (port taken, not ready)
  70 a defect of ours   71 the system refused   75 not now   77 no permission   78 configuration";

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    exit::defects(|| match Arguments::try_parse() {
        Ok(arguments) => Exit::report(run(arguments)),
        Err(error) => exit::usage(&error),
    })
}

fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        None => serve::run(&arguments.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Start(start)) => start::run(&start),
        Some(Command::Status(status)) => status::run(&status),
        Some(Command::Reload(reload)) => reload::reload(&reload),
        Some(Command::Restart(restart)) => reload::restart(&restart),
        Some(Command::Scale(scale)) => scale::run(&scale),
        Some(Command::Stop(stop)) => stop::run(&stop),
        Some(Command::Events(events)) => events::run(&events),
        Some(Command::Publish(publish)) => publish::run(&publish),
        Some(Command::Purge(purge)) => purge::run(&purge),
        Some(Command::Reopen(control)) => reopen::run(&control),
        Some(Command::Upgrade(control)) => upgrade::run(&control),
        Some(Command::Check(config)) => check::run(&config.config),
        Some(Command::Routes(routes)) if routes.explain => explain::run(&routes.config.config),
        Some(Command::Routes(routes)) => routes::run(&routes.config.config),
        Some(Command::Shape(shape)) => shape::run(&shape),
        Some(Command::Demo { listen }) => demo::run(listen),
        Some(Command::Schema) => schema::run(),
        Some(Command::Health { url, config }) => health::run(url, &config.config),
        Some(Command::Worker { threads }) => worker::run(threads),
    }
}
