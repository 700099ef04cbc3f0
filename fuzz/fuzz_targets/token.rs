#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| portkey_admin_mcp_fuzz::run("token", input));
