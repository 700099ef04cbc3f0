//! One JSON-RPC message a line over standard input and output (MCP basic/transports/stdio).
//!
//! rmcp's own transport leaves a line that is no JSON unanswered, and ends the conversation when it
//! begins with a notification. Here each line is judged as a body over HTTP is.

use std::{io, sync::Arc, time::Duration};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ErrorCode, ServerJsonRpcMessage},
    transport::Transport,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Stdin, Stdout},
    sync::Mutex,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{Handler, MODERN, Server, envelope::Envelope, reply};

/// What is longer is no message; the limit of rmcp's clients.
const MAX_LINE_BYTES: usize = 16 << 20;

/// How long calls may go on after the end of the input; rmcp gives up after 5 s.
const GRACE: Duration = Duration::from_secs(3);

pub(super) struct Lines {
    read: BufReader<Stdin>,
    /// What has been read of a line; stays when reading is broken off.
    line: Vec<u8>,
    too_long: bool,
    write: Arc<Mutex<Stdout>>,
    /// An answer of our own on its way: written whole even when reading is broken off.
    telling: Option<JoinHandle<()>>,
    /// Told to stop: as if the input had ended.
    stopping: CancellationToken,
    /// A message came with which rmcp begins a conversation.
    begun: bool,
    ended: bool,
    max_depth: usize,
    server: Server,
}

enum Line {
    Whole,
    TooLong,
    End,
}

impl Lines {
    pub fn new(max_depth: usize, server: Server, stopping: CancellationToken) -> Self {
        Self {
            read: BufReader::new(tokio::io::stdin()),
            line: Vec::new(),
            too_long: false,
            write: Arc::new(Mutex::new(tokio::io::stdout())),
            telling: None,
            stopping,
            begun: false,
            ended: false,
            max_depth,
            server,
        }
    }

    async fn next(&mut self) -> Line {
        loop {
            let Ok(available) = self.read.fill_buf().await else { return Line::End };
            if available.is_empty() {
                // The last line may lack its line break.
                return if self.line.is_empty() { Line::End } else { Line::Whole };
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            self.too_long |= self.line.len() + taken > MAX_LINE_BYTES;
            if self.too_long {
                self.line.clear();
            } else {
                self.line.extend(available.iter().take(taken));
            }
            self.read.consume(taken);
            if end.is_some() {
                let too_long = std::mem::take(&mut self.too_long);
                return if too_long { Line::TooLong } else { Line::Whole };
            }
        }
    }

    /// The message of a line, nothing for one that asks for nothing, or what to answer.
    fn parse(&mut self, line: &[u8]) -> Result<Option<ClientJsonRpcMessage>, String> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let envelope = match Envelope::parse(line, self.max_depth) {
            Ok(envelope) => envelope,
            // To answer answers could go on for ever.
            Err(_) if is_answer(line) => return Ok(None),
            Err(malformed) => {
                let (code, message) = malformed.told();
                return Err(reply::error_body(None, code, &message, None));
            }
        };
        if !self.begun {
            if envelope.id.is_none() || envelope.method.is_none() {
                return Ok(None);
            }
            self.begun = begins(&envelope);
        }
        serde_json::from_slice(line).map(Some).map_err(|_| {
            let (code, message) = reply::unread(line);
            reply::error_body(envelope.id, code, &message, None)
        })
    }

    fn tell(&mut self, body: String) {
        let write = Arc::clone(&self.write);
        self.telling = Some(tokio::spawn(async move {
            // Who does not read any more needs no answer.
            let _ = write_line(&write, body.into_bytes()).await;
        }));
    }

    /// Lets calls finish for a while after the end of the input.
    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            let server = self.server.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GRACE).await;
                server.calls().stop();
            });
        }
    }
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let write = Arc::clone(&self.write);
        async move { write_line(&write, serde_json::to_vec(&message)?).await }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(telling) = &mut self.telling {
                // It cannot fail but by a panic of the writer.
                let _ = telling.await;
                self.telling = None;
            }
            let stopping = self.stopping.clone();
            let line = tokio::select! {
                line = self.next() => line,
                () = stopping.cancelled() => return None,
            };
            let parsed = match line {
                Line::Whole => {
                    let line = std::mem::take(&mut self.line);
                    self.parse(&line)
                }
                Line::TooLong => {
                    let message = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                    Err(reply::error_body(None, ErrorCode::INVALID_REQUEST, &message, None))
                }
                Line::End => {
                    self.end();
                    return None;
                }
            };
            match parsed {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(body) => self.tell(body),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.write.lock().await.flush().await
    }
}

async fn write_line(write: &Mutex<Stdout>, mut line: Vec<u8>) -> io::Result<()> {
    line.push(b'\n');
    let mut write = write.lock().await;
    write.write_all(&line).await?;
    write.flush().await
}

/// Whether rmcp begins a conversation with this request; it answers others and waits on.
fn begins(envelope: &Envelope<'_>) -> bool {
    let meta = &envelope.meta;
    match envelope.method.as_deref() {
        Some("initialize") => true,
        Some("ping" | "server/discover") => false,
        _ => meta.complete && meta.version.as_deref() == Some(MODERN.as_str()),
    }
}

fn is_answer(line: &[u8]) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_slice(line) else { return false };
    !fields.contains_key("method")
        && (fields.contains_key("error") || fields.contains_key("result"))
}
