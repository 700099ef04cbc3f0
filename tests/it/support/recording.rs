//! An upstream that answers any request with an empty list, and keeps every byte that arrived.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

pub struct Recording {
    /// Its base URL.
    pub url: String,
    arrived: Arc<Mutex<Vec<u8>>>,
}

impl Recording {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let record = Arc::clone(&record);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                        record.lock().unwrap().extend_from_slice(&bytes[..read]);
                        let body = r#"{"success":true,"data":[],"total":0}"#;
                        let head =
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
                        let answer = format!("{head}: {}\r\n\r\n{body}", body.len());
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self { url, arrived }
    }

    pub fn sent(&self) -> String {
        String::from_utf8(self.arrived.lock().unwrap().clone()).unwrap()
    }

    /// None of these arrived, in whatever case.
    #[track_caller]
    pub fn knows_nothing_of(&self, parts: &[&str]) {
        let sent = self.sent().to_ascii_lowercase();
        for part in parts {
            assert!(!sent.contains(&part.to_ascii_lowercase()), "{part}: {sent}");
        }
    }
}
