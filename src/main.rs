//! `portkey-admin-mcp`.

fn main() -> std::process::ExitCode {
    portkey_admin_mcp::cli::main()
}
