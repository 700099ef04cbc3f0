//! The real binary, started with a clean environment, and HTTP/1.1 as raw as a test wants it.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

use crate::support::{self, MODERN};

/// How long anything may take that has to happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub type Variables<'a> = &'a [(&'a str, &'a str)];

/// The binary with nothing in its environment but `variables`; killed when its handle is dropped.
pub fn command(args: &[&str], variables: Variables<'_>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portkey-admin-mcp"));
    command.args(args).env_clear().envs(variables.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary to its end.
pub async fn run(args: &[&str], variables: Variables<'_>, input: &str) -> Ran {
    let mut child = command(args, variables).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("an end").unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file with this text, for this process alone.
pub fn scratch(name: &str, text: &str) -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let (id, nth) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(format!("portkey-admin-mcp-{id}-{nth}-{name}"));
    std::fs::write(&path, text).unwrap();
    path
}

/// Sends the signal of that name (`TERM`) to one process.
pub async fn signal(id: u32, name: &str) {
    // The shell's own: a small system has no other.
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().await;
    assert!(sent.unwrap().success(), "no process {id}");
}

/// Collects what comes from a pipe, line by line.
pub fn collect(pipe: impl AsyncRead + Unpin + Send + 'static) -> watch::Receiver<String> {
    let (sender, receiver) = watch::channel(String::new());
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            sender.send_modify(|all| {
                all.push_str(&line);
                all.push('\n');
            });
        }
    });
    receiver
}

/// Waits until what was collected fulfils a condition.
pub async fn until(
    collected: &watch::Receiver<String>,
    condition: impl FnMut(&String) -> bool,
) -> String {
    let mut receiver = collected.clone();
    let met = timeout(PATIENCE, receiver.wait_for(condition)).await;
    let Ok(Ok(text)) = met else { panic!("never came; there was: {}", *collected.borrow()) };
    text.clone()
}

/// `serve` on a free port; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    log: watch::Receiver<String>,
}

impl Server {
    pub async fn start(args: &[&str], variables: Variables<'_>) -> Self {
        Self::spawn(command(&[&["serve", "--port", "0"], args].concat(), variables)).await
    }

    /// What `command` starts.
    pub async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = collect(child.stderr.take().unwrap());
        let said = "listening on http";
        let started = until(&log, |log| log.contains(said)).await;
        let address = started.split_once(said).unwrap().1.split_once("://").unwrap().1;
        let end = address.find(|letter: char| letter == '"' || letter.is_whitespace());
        let address = &address[..end.unwrap_or(address.len())];
        Self { child, address: address.parse().unwrap(), log }
    }

    pub async fn sandbox(variables: Variables<'_>) -> Self {
        Self::start(&["--sandbox"], variables).await
    }

    /// Before an upstream on this machine, with the key `KEY`.
    pub async fn before(upstream: &str, variables: Variables<'_>) -> Self {
        let upstream = [
            ("PORTKEY_API_KEY", KEY),
            ("PORTKEY_BASE_URL", upstream),
            ("PORTKEY_ALLOW_PRIVATE_BASE_URL", "true"),
            ("PORTKEY_ALLOW_INSECURE_HTTP", "true"),
        ];
        Self::start(&[], &[&upstream, variables].concat()).await
    }

    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    pub async fn logged(&self, text: &str) {
        until(&self.log, |log| log.contains(text)).await;
    }

    /// Waits for the process to end and gives its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        timeout(PATIENCE, self.child.wait()).await.expect("an end").unwrap().code()
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(self.address).await.unwrap()
    }

    /// One request on its own connection.
    pub async fn ask(&self, request: &Ask) -> Reply {
        let mut connection = self.connect().await;
        connection.send(request).await.unwrap();
        connection.reply().await.unwrap()
    }

    /// Begins a legacy session.
    pub async fn initialize(&self, version: &str) -> String {
        let reply = self.ask(&Ask::post(support::initialize(version))).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let session = reply.header("mcp-session-id").expect("a session").to_owned();
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let ready = Ask::post(ready).with("mcp-session-id", &session);
        assert_eq!(self.ask(&ready).await.status, 202);
        session
    }
}

/// A key that must never be seen.
pub const KEY: &str = "pk-canary-5f1d0c9e";

/// A request as it is sent; `Host` and the length are added.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Ask {
    pub fn new(method: &'static str, path: &str) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: String::new() }
    }

    /// POST to the endpoint with what every client sends.
    pub fn text(body: impl Into<String>) -> Self {
        let mut ask = Self::new("POST", "/mcp")
            .with("content-type", "application/json")
            .with("accept", "application/json, text/event-stream");
        ask.body = body.into();
        ask
    }

    /// The same with a message.
    pub fn post(body: Value) -> Self {
        Self::text(body.to_string())
    }

    /// A complete modern request.
    pub fn modern(id: impl Into<Value>, method: &str, mut params: Value) -> Self {
        params["_meta"] = support::meta(MODERN);
        let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
        let message =
            json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params });
        let ask =
            Self::post(message).with("mcp-protocol-version", MODERN).with("mcp-method", method);
        match name {
            Some(name) => ask.with("mcp-name", &name),
            None => ask,
        }
    }

    /// A request in a legacy session; without one where `session` is empty.
    pub fn legacy(session: &str, id: impl Into<Value>, method: &str, params: Value) -> Self {
        let ask = Self::post(
            json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params }),
        )
        .with("mcp-protocol-version", "2025-11-25");
        if session.is_empty() { ask } else { ask.with("mcp-session-id", session) }
    }

    /// Calls a tool in the modern era.
    pub fn call(tool: &str, arguments: Value) -> Self {
        Self::modern(1, "tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The same with a part of its body replaced, also by what is no JSON.
    pub fn replace(mut self, part: &str, with: &str) -> Self {
        self.body = self.body.replace(part, with);
        self
    }

    /// Adds a header, also a second one of a name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn set(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let Self { method, path, headers, body } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
        for (name, value) in headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if *method == "POST" {
            write!(text, "content-length: {}\r\n", body.len()).unwrap();
        }
        write!(text, "\r\n{body}").unwrap();
        text.into_bytes()
    }
}

/// A connection that is kept.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

impl Connection {
    pub async fn open(host: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host })
    }

    pub async fn send(&mut self, request: &Ask) -> std::io::Result<()> {
        self.raw(&request.bytes(self.host)).await
    }

    pub async fn raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes).await
    }

    /// Reads a whole answer.
    pub async fn reply(&mut self) -> std::io::Result<Reply> {
        timeout(PATIENCE, async {
            let mut reply = self.head().await?;
            let length = reply.header("content-length").map(|length| length.parse().unwrap());
            if reply.header("transfer-encoding") == Some("chunked") {
                while let Some(chunk) = self.chunk().await? {
                    reply.body.extend(chunk);
                }
            } else if let Some(length) = length {
                reply.body.resize(length, 0);
                self.stream.read_exact(&mut reply.body).await?;
            }
            Ok(reply)
        })
        .await
        .expect("an answer")
    }

    /// Reads the head of an answer.
    pub async fn head(&mut self) -> std::io::Result<Reply> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut reply = Reply { status: status.expect(&first), headers: vec![], body: vec![] };
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else { return Ok(reply) };
            reply.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// Reads the next chunk of a body; none at its end.
    pub async fn chunk(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let size = self.line().await?;
        let size = usize::from_str_radix(&size, 16).expect(&size);
        let mut chunk = vec![0; size];
        self.stream.read_exact(&mut chunk).await?;
        self.line().await?;
        Ok((size > 0).then_some(chunk))
    }

    async fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.stream.read_line(&mut line)).await.expect("an answer")?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// An answer with its whole body.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON, or the last event of a stream.
    #[track_caller]
    pub fn json(&self) -> Value {
        let stream = self.header("content-type").is_some_and(|kind| kind.starts_with("text/event"));
        let event = self.text().lines().filter_map(|line| line.strip_prefix("data:")).next_back();
        let text = if stream { event.unwrap_or_default() } else { self.text() };
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON-RPC code of an error, or 0.
    #[track_caller]
    pub fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or_default()
    }

    /// What a tool error tells.
    #[track_caller]
    pub fn tool_error(&self) -> Value {
        let answer = self.json();
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        serde_json::from_str::<Value>(text).unwrap()["error"].take()
    }
}
