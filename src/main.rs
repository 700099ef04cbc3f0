//! The `portkey-admin-mcp` command.

fn main() -> std::process::ExitCode {
    portkey_admin_mcp::cli::main()
}
