//! A real Redis on a private port, empty, that a test may stop and start.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::process::{PATIENCE, signal};

/// Stopped when dropped.
pub struct RedisServer {
    port: u16,
    scheme: &'static str,
    args: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    pub async fn start() -> Self {
        Self::with("redis", "--port", &[]).await
    }

    /// With TLS and nothing else; clients show no certificate.
    pub async fn with_tls(cert: &Path, key: &Path) -> Self {
        let (cert, key) = (cert.display().to_string(), key.display().to_string());
        let tls = ["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-auth-clients", "no"];
        Self::with("rediss", "--tls-port", &[&tls[..], &["--port", "0"]].concat()).await
    }

    async fn with(scheme: &'static str, port_option: &str, more: &[&str]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let number = port.to_string();
        let fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let args = [&fixed[..], more, &[port_option, &number]].concat();
        let args = args.into_iter().map(str::to_owned).collect();
        let mut server = Self { port, scheme, args, child: None };
        server.start_again().await;
        server
    }

    pub fn url(&self) -> String {
        format!("{}://localhost:{}/0", self.scheme, self.port)
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
        signal(self.child.as_ref().unwrap().id(), "STOP").await;
    }

    pub async fn thaw(&self) {
        signal(self.child.as_ref().unwrap().id(), "CONT").await;
    }

    pub async fn start_again(&mut self) {
        let child = Command::new("redis-server")
            .args(&self.args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server, which tests/run installs");
        self.child = Some(child);
        let up = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
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
