//! A server that answers each request by script, byte by byte as told.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// How a request is answered.
pub enum Reply {
    /// These bytes; the connection stays open.
    Whole(Vec<u8>),
    /// These bytes; then the connection closes.
    Cut(Vec<u8>),
    /// Nothing, until the client leaves.
    Hang,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

type Script = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

pub struct Upstream {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    seen: watch::Sender<Vec<Seen>>,
    connections: AtomicUsize,
    /// Clients that left while their request hung.
    left: watch::Sender<usize>,
}

impl Upstream {
    /// Serves until dropped. The script gets the number of earlier requests.
    pub async fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: watch::Sender::default(),
            connections: AtomicUsize::new(0),
            left: watch::Sender::default(),
        });
        let serving = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    shared.connections.fetch_add(1, SeqCst);
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            }
        });
        Self { address, shared, serving }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.borrow().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    /// Waits until `count` requests have arrived.
    pub async fn arrived(&self, count: usize) {
        wait(self.shared.seen.subscribe(), |seen| seen.len() >= count).await;
    }

    /// Waits until a client has left while its request hung.
    pub async fn left(&self) {
        wait(self.shared.left.subscribe(), |left| *left > 0).await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn wait<T>(mut receiver: watch::Receiver<T>, condition: impl FnMut(&T) -> bool) {
    let met = receiver.wait_for(condition);
    tokio::time::timeout(Duration::from_secs(10), met).await.expect("in time").unwrap();
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(seen)) = read(&mut stream).await {
        let mut reply = Reply::Hang;
        shared.seen.send_modify(|all| {
            reply = (shared.script)(all.len(), &seen);
            all.push(seen);
        });
        match reply {
            Reply::Whole(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Cut(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Hang => {
                let _ = stream.read(&mut [0]).await;
                shared.left.send_modify(|left| *left += 1);
                return;
            }
        }
    }
}

/// The next request, or None when the client is done.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(seen))
}
