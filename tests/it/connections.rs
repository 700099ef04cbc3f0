//! Many connections to the real binary: what they may cost, and what the process does with few files.
#![cfg(target_os = "linux")]

use std::{fs, net::SocketAddr, time::Duration};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::process::{Ask, PATIENCE, Server, command};

/// One attacker's share, and what it tries.
const SHARE: usize = 1000;
const TRIED: usize = 3000;

/// Connects from 127.0.0.`number`.
async fn connect_from(number: u8, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, number], 0).into()).unwrap();
    timeout(PATIENCE, socket.connect(address)).await.expect("a connection").unwrap()
}

/// A number in a file of `/proc`, in the line that begins so.
fn proc(id: u32, file: &str, line: &str) -> usize {
    let text = fs::read_to_string(format!("/proc/{id}/{file}")).unwrap();
    let line = text.lines().find_map(|it| it.strip_prefix(line)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn open_files(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).unwrap().count()
}

/// Waits until the process has no more files open than that. One that is refused is open for a moment;
/// `within` is less than the server waits for headers.
async fn settles(id: u32, most: usize, within: Duration) {
    let settled = timeout(within, async {
        while open_files(id) > most {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(settled.await.is_ok(), "{} files are open, not {most}", open_files(id));
}

/// Whether the server has closed it; what it says before does not matter.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.is_ok()
}

#[tokio::test]
async fn an_attacker_with_thousands_of_connections_costs_little_and_leaves_room() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let share = SHARE.to_string();
    let server = Server::sandbox(&[
        ("MCP_MAX_CONNECTIONS_PER_ADDRESS", &share),
        ("MCP_HEADER_TIMEOUT_MS", "8000"),
    ])
    .await;
    let id = server.id();
    let healthy = async || server.ask(&Ask::new("GET", "/health")).await.status == 200;
    assert!(healthy().await);
    let (files, memory) = (open_files(id), proc(id, "status", "VmRSS:"));
    let mut attack = Vec::new();
    for number in 0..TRIED {
        let mut stream = connect_from(2, server.address).await;
        // Some say nothing, some never come to the end of their headers.
        if number % 2 == 0 {
            let slow = format!("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Slow: {}", "x".repeat(4000));
            let _ = stream.write_all(slow.as_bytes()).await;
        }
        attack.push(stream);
    }
    assert!(healthy().await, "others are served");
    settles(id, files + SHARE + 10, Duration::from_secs(4)).await;
    let grown = proc(id, "status", "VmRSS:").saturating_sub(memory);
    assert!(grown < SHARE * 24, "{grown} KiB for {SHARE} connections");
    for stream in &mut attack {
        assert!(is_closed(stream).await, "kept open");
    }
    drop(attack);
    settles(id, files + 5, PATIENCE).await;
    let mut again = connect_from(2, server.address).await;
    again
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    again.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn no_more_connections_are_taken_than_the_process_may_open_files() {
    let mut shell = command(&[], &[]);
    let binary = shell.as_std().get_program().to_owned();
    shell = tokio::process::Command::new("sh");
    shell.args(["-c", "ulimit -Sn 64; ulimit -Hn 400; exec \"$@\"", "sh"]).arg(binary);
    shell.args(["serve", "--port", "0", "--sandbox"]).env_clear().kill_on_drop(true);
    shell.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let server = Server::spawn(shell).await;
    let id = server.id();
    assert_eq!(proc(id, "limits", "Max open files"), 400, "raised to the hard limit");
    server
        .logged("not open enough files for 10000 connections (MCP_MAX_CONNECTIONS), and takes 144")
        .await;
    let mut kept = Vec::new();
    for _ in 0..600 {
        kept.push(connect_from(2, server.address).await);
    }
    // The last one is told at once; the first ones would wait for the time of their headers.
    assert!(is_closed(kept.last_mut().unwrap()).await);
    settles(id, 200, Duration::from_secs(4)).await;
    drop(kept);
    settles(id, 100, PATIENCE).await;
    assert_eq!(server.ask(&Ask::new("GET", "/health")).await.status, 200);
}
