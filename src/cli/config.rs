//! `config`: what is set, and by whom.

mod check_access;

use super::{Failure, Output, serve};
use crate::config;

/// Print the effective configuration, secrets as ***, and where each value came from
///
/// Checks it as `serve` does: problems go to standard error, one line each, and the exit code is 2.
#[derive(clap::Args)]
#[group(skip)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(clap::Subcommand)]
enum Command {
    CheckAccess(check_access::Args),
}

pub fn run(args: Args, output: &mut Output) -> Result<(), Failure> {
    if let Some(Command::CheckAccess(args)) = &args.command {
        return check_access::run(args, output);
    }
    let loaded = config::load(&args.serve.inputs());
    output.text(&loaded.values.effective());
    for warning in &loaded.warnings {
        output.error(&format!("warning: {warning}"));
    }
    loaded.config.map(drop).map_err(|problems| Failure::Usage(problems.to_string()))
}
