//! The commands. Each says on standard error, in one line, what went wrong and what to do; `call`
//! says what a tool says, in JSON.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use or configuration.

mod call;
mod config;
mod look;
mod options;
mod output;
mod serve;
pub mod signals;
mod stdio;
mod tools;
mod upstream;

use std::{process::ExitCode, thread};

use clap::{Parser, Subcommand, error::ErrorKind};
use tokio::runtime::Builder;

pub use self::{output::Output, serve::serve};

const EXAMPLES: &str = "\
Examples:
  portkey-admin-mcp serve --sandbox                 try it: no account, no key, no network
  PORTKEY_API_KEY=… portkey-admin-mcp               serve on http://127.0.0.1:3000/mcp
  PORTKEY_API_KEY=… portkey-admin-mcp stdio         for clients that start the server themselves
  portkey-admin-mcp call list_configs --sandbox     run one tool
  portkey-admin-mcp tools --domain configs          what there is
  portkey-admin-mcp config                          what is set, and by whom

Connect a client:
  claude mcp add --transport http portkey-admin http://127.0.0.1:3000/mcp

Variables used most (all: README.md; each secret may come from a file named by NAME_FILE):
  PORTKEY_API_KEY       Admin API key of the organisation or workspace
  MCP_AUTH_MODE         none (this machine alone) or bearer; with bearer also MCP_AUTH_TOKEN
  MCP_HOST, MCP_PORT    where to listen (127.0.0.1, 3000)
  MCP_PUBLIC_BASE_URL   how clients reach the server, as in https://mcp.example.com
  MCP_READ_ONLY         true: only tools that read
  PORTKEY_TOOL_DOMAINS  only these tool domains
  LOG_LEVEL             off, error, warn, info, debug, trace";

/// Portkey's Admin API as MCP tools, over Streamable HTTP and stdio.
///
/// Without a command it serves HTTP, as `serve` does.
#[derive(Parser)]
#[command(name = "portkey-admin-mcp", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Args),
    Stdio(stdio::Args),
    Call(call::Args),
    Tools(tools::Args),
    Config(config::Args),
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    Failed(String),
    /// A tool failed; JSON for programs, so that nothing stands before it.
    Tool(String),
    /// Wrong use or configuration; one line each.
    Usage(String),
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let mut output = Output::default();
    let result = match Cli::try_parse() {
        Ok(cli) => run(cli, &mut output),
        Err(error) if error.use_stderr() => Err(Failure::Usage(one_line(&error))),
        Err(help) => {
            output.text(&help.render().to_string());
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (text, code) = match failure {
                Failure::Failed(text) => (text, 1),
                Failure::Usage(text) => (text, 2),
                Failure::Tool(json) => {
                    output.report(&json);
                    return ExitCode::from(1);
                }
            };
            for line in text.lines() {
                output.error(line);
            }
            ExitCode::from(code)
        }
    }
}

fn run(cli: Cli, output: &mut Output) -> Result<(), Failure> {
    let runtime =
        runtime().map_err(|error| Failure::Failed(format!("the process cannot start: {error}")))?;
    let done = runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve(cli.serve)) {
            Command::Serve(args) => serve::run(args).await,
            Command::Stdio(args) => Box::pin(stdio::run(args)).await,
            Command::Call(args) => call::run(args, output).await,
            Command::Tools(args) => tools::run(&args, output),
            Command::Config(args) => config::run(args, output),
        }
    });
    // A read of standard input may be under way, which nothing can end.
    runtime.shutdown_background();
    done
}

/// One thread where there is one core: what passes work between threads would be for nothing.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let one = thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    let mut builder = if one { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()
}

/// What clap says on several lines, without the usage.
fn one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command or argument is missing; see --help".into();
    }
    let text = error.render().to_string();
    let parts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .filter(|line| !line.is_empty())
        .collect();
    format!("{}; see --help", parts.join("; ").trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_declared_without_conflict() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_use_is_told_in_one_line() {
        let told = |args: &[&str]| match Cli::try_parse_from(args) {
            Ok(_) => panic!("accepted"),
            Err(error) => one_line(&error),
        };
        assert_eq!(
            told(&["portkey-admin-mcp", "serve", "--prot", "1"]),
            "unexpected argument '--prot' found; tip: a similar argument exists: '--port'; see \
             --help"
        );
        for args in [&["portkey-admin-mcp", "call"][..], &["portkey-admin-mcp", "serv"]] {
            assert!(!told(args).contains('\n'), "{args:?}");
        }
    }
}
