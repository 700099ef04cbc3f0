//! A real Redis on a private port, empty, that a test may stop and start.

use std::process::{Child, Command, Stdio};

use tokio::{net::TcpStream, time::timeout};

use crate::process::PATIENCE;

/// Stopped when dropped.
pub struct RedisServer {
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    pub async fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = Self { port: free.local_addr().unwrap().port(), child: None };
        drop(free);
        server.start_again().await;
        server
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Stops it in mid-air: it accepts and never answers.
    pub async fn freeze(&self) {
        crate::process::signal(self.child.as_ref().unwrap().id(), "STOP").await;
    }

    pub async fn thaw(&self) {
        crate::process::signal(self.child.as_ref().unwrap().id(), "CONT").await;
    }

    pub async fn start_again(&mut self) {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server, which tests/run installs");
        self.child = Some(child);
        let up = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, up).await.expect("Redis started");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
