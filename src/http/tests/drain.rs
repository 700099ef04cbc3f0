//! From the first signal to the end.

use super::*;

const HANG: &str = "POST /mcp?hang HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";

impl Running {
    pub(super) async fn ended(self) -> Ended {
        timeout(PATIENCE, self.serving).await.expect("the server did not end").unwrap().unwrap()
    }

    /// Waits until `/ready` answers `expected`.
    pub(super) async fn becomes(&self, expected: u16) -> String {
        timeout(PATIENCE, async {
            loop {
                let answer = self.ask("GET /ready HTTP/1.1").await;
                if status(&answer) == expected {
                    return answer;
                }
            }
        })
        .await
        .expect("readiness did not change")
    }
}

#[tokio::test]
async fn everything_is_served_during_the_delay_and_then_the_listener_closes() {
    let server = Plan::with(|settings| settings.shutdown_delay = Duration::from_secs(1)).start();
    let address = server.address;
    server.becomes(200).await;
    server.stop.send(()).await.unwrap();
    let answer = server.becomes(503).await;
    assert!(answer.ends_with(r#"{"status":"draining"}"#), "{answer}");
    let mut peer = server.connect().await;
    peer.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await;
    let answer = peer.rest().await;
    assert_eq!((status(&answer), header(&answer, "connection")), (200, Some("close")));
    assert_eq!(server.ended().await, Ended::Drained);
    assert!(TcpStream::connect(address).await.is_err());
}

impl Running {
    async fn refuses_connections(&self) {
        timeout(PATIENCE, async { while TcpStream::connect(self.address).await.is_ok() {} })
            .await
            .expect("the listener stayed open");
    }
}

#[tokio::test]
async fn who_is_connected_when_the_listener_closes_is_still_answered() {
    let server = Plan::default().start();
    server.becomes(200).await;
    let mut early = server.connect().await;
    early.send("POST /mcp HTTP/1.1\r\n").await;
    let mut silent = server.connect().await;
    server.stop.send(()).await.unwrap();
    server.refuses_connections().await;
    silent.send("POST /mcp HTTP/1.1\r\n").await;
    for peer in [&mut early, &mut silent] {
        peer.send("Host: localhost\r\nContent-Length: 0\r\n\r\n").await;
        let answer = peer.rest().await;
        assert_eq!((status(&answer), header(&answer, "connection")), (200, Some("close")));
    }
    assert_eq!(server.ended().await, Ended::Drained);
}

#[tokio::test]
async fn sessions_end_only_when_the_calls_in_flight_are_done() {
    let idle = CancellationToken::new();
    let server = Plan { idle: idle.clone(), ..Plan::default() }.start();
    server.stop.send(()).await.unwrap();
    server.refuses_connections().await;
    assert!(!server.sessions.is_cancelled());
    idle.cancel();
    let sessions = server.sessions.clone();
    assert_eq!(server.ended().await, Ended::Drained);
    assert!(sessions.is_cancelled());
}

#[tokio::test]
async fn a_call_that_outlasts_its_time_is_cut_off() {
    let server =
        Plan::with(|settings| settings.shutdown_timeout = Duration::from_millis(50)).start();
    let mut peer = server.connect().await;
    peer.send(HANG).await;
    server.becomes(200).await;
    server.stop.send(()).await.unwrap();
    assert_eq!(server.ended().await, Ended::Overdue);
    assert_eq!(peer.rest().await, "");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let server = Plan::with(|settings| settings.shutdown_delay = Duration::from_secs(600)).start();
    let mut peer = server.connect().await;
    peer.send(HANG).await;
    server.stop.send(()).await.unwrap();
    server.stop.send(()).await.unwrap();
    assert_eq!(server.ended().await, Ended::Interrupted);
}
