//! Requests that are too large, too slow, or harmful.

use super::*;

#[tokio::test]
async fn headers_that_do_not_come_in_time_close_the_connection() {
    let server =
        Plan::with(|settings| settings.limits.header_timeout = Duration::from_millis(50)).start();
    for start in ["", "P", "PRI * HTTP/2.0\r\n", "POST /mcp HTTP/1.1\r\nHost: lo"] {
        let mut peer = server.connect().await;
        peer.send(start).await;
        assert_eq!(peer.rest().await, "", "after {start:?}");
    }
}

#[tokio::test]
async fn a_kept_connection_waits_longer_for_its_next_request_than_a_new_one() {
    let server =
        Plan::with(|settings| settings.limits.header_timeout = Duration::from_millis(50)).start();
    let mut peer = server.connect().await;
    for _ in 0..2 {
        peer.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(status(&peer.until("}").await), 200);
        // As long as a new connection may be silent.
        assert_eq!(server.connect().await.rest().await, "");
    }
}

#[tokio::test]
async fn a_kept_connection_is_closed_at_last() {
    let server =
        Plan::with(|settings| settings.keep_alive_timeout = Duration::from_millis(50)).start();
    let mut peer = server.connect().await;
    peer.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status(&peer.rest().await), 200);
}

/// Connects as another address of this machine.
#[cfg(target_os = "linux")]
async fn connect_from(number: u8, server: &Running) -> Peer {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, number], 0).into()).unwrap();
    Peer(socket.connect(server.address).await.unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_beyond_the_most_are_closed_and_their_places_come_back() {
    const ASK: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let most = Most { in_all: 3, of_one_address: 2 };
    let server = Plan::with(|settings| settings.connections = most).start();
    let mut kept = Vec::new();
    for number in [2, 2, 3] {
        let mut peer = connect_from(number, &server).await;
        peer.send(ASK).await;
        assert_eq!(status(&peer.until("}").await), 200);
        kept.push(peer);
        if kept.len() == 2 {
            assert_eq!(connect_from(2, &server).await.rest().await, "", "too many of one");
        }
    }
    assert_eq!(connect_from(4, &server).await.rest().await, "", "too many in all");
    for peer in &mut kept {
        peer.send(ASK).await;
        assert_eq!(status(&peer.until("}").await), 200, "who is in stays in");
    }
    kept.remove(0);
    let back = timeout(PATIENCE, async {
        loop {
            let mut peer = connect_from(2, &server).await;
            let _ = peer.0.write_all(ASK.as_bytes()).await;
            let mut answer = [0; 12];
            if peer.0.read_exact(&mut answer).await.is_ok() {
                return answer;
            }
        }
    });
    assert_eq!(&back.await.expect("the place never came back"), b"HTTP/1.1 200");
}

type Http2 = (h2::client::SendRequest<bytes::Bytes>, JoinHandle<Result<(), h2::Error>>);

/// Asks over a new connection of HTTP/2, whose end the task is.
async fn http2(server: &Running, method: &str, path: &str) -> (Http2, h2::client::ResponseFuture) {
    let (sender, connection) = h2::client::handshake(server.connect().await.0).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    let uri = format!("http://localhost{path}");
    let request = Request::builder().method(method).uri(uri).body(()).unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    ((sender, connection), answer)
}

#[tokio::test]
async fn a_connection_of_http2_without_a_request_is_closed_at_last() {
    let server =
        Plan::with(|settings| settings.keep_alive_timeout = Duration::from_millis(50)).start();
    let ((_busy, working), _answer) = http2(&server, "POST", "/mcp?hang").await;
    for _ in 0..3 {
        let ((_idle, connection), answer) = http2(&server, "GET", "/health").await;
        assert_eq!(answer.await.unwrap().status(), 200);
        let closed = timeout(PATIENCE, connection).await;
        let _ = closed.expect("the server kept the connection open").unwrap();
    }
    assert!(!working.is_finished(), "a request is under way on that one");
}

#[tokio::test]
async fn a_slow_body_is_answered_408() {
    let server =
        Plan::with(|settings| settings.limits.body_timeout = Duration::from_millis(50)).start();
    for head in ["Content-Length: 5\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"] {
        let answer = server.raw(&format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\n{head}")).await;
        assert_eq!(status(&answer), 408, "{answer}");
        assert_eq!(error_code(&answer), "body_timeout");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_413_while_it_is_being_sent() {
    let server = Plan::with(|settings| settings.limits.request_bytes = 1000).start();
    let announced = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n";
    let endless = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        format!("190\r\n{}\r\n", "x".repeat(400)).repeat(3)
    );
    for request in [announced, &endless] {
        let mut peer = server.connect().await;
        peer.send(request).await;
        let answer = peer.until("request_id\":\"").await;
        assert_eq!(status(&answer), 413, "{answer}");
        assert!(answer.contains("body_too_large"), "{answer}");
    }
}

#[tokio::test]
async fn a_sender_of_a_far_too_large_body_still_sees_the_answer() {
    let server = Plan::with(|settings| settings.limits.request_bytes = 1000).start();
    let size = 8 << 20;
    let answer = server
        .ask_with(&format!("POST /mcp HTTP/1.1\r\nContent-Length: {size}"), &"x".repeat(size))
        .await;
    assert_eq!(error_code(&answer), "body_too_large");
}

#[tokio::test]
async fn a_body_at_the_limit_arrives_whole_however_it_is_cut() {
    let server = Plan::with(|settings| settings.limits.request_bytes = 1000).start();
    let body = "x".repeat(1000);
    let answer = server.ask_with("POST /mcp HTTP/1.1\r\nContent-Length: 1000", &body).await;
    assert!(answer.ends_with(", 1000 bytes"), "{answer}");
    let chunked = format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(1000));
    let answer =
        server.ask_with("POST /mcp HTTP/1.1\r\nTransfer-Encoding: chunked", &chunked).await;
    assert!(answer.ends_with(", 1000 bytes"), "{answer}");
}

#[tokio::test]
async fn headers_over_the_limit_are_answered_431() {
    let server = Plan::default().start();
    let answer = server.ask(&format!("GET / HTTP/1.1\r\nX-A: {}", "x".repeat(16 << 10))).await;
    assert_eq!((status(&answer), &*error_code(&answer)), (431, "headers_too_large"));
    assert!(answer.contains("MCP_MAX_HEADER_SIZE"), "{answer}");
    let answer = server.ask(&format!("GET / HTTP/1.1\r\nX-A: {}", "x".repeat(64 << 10))).await;
    assert_eq!(status(&answer), 431, "hyper's own bound");
}

#[tokio::test]
async fn a_panic_is_answered_500_and_the_next_request_works() {
    let server = Plan::default().start();
    let mut peer = server.connect().await;
    peer.send("POST /mcp?panic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await;
    let answer = peer.until("}").await;
    assert_eq!(status(&answer), 500);
    assert!(answer.contains("internal_error") && !answer.contains("as asked"), "{answer}");
    peer.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status(&peer.until("}").await), 200);
}

#[tokio::test]
async fn no_spelling_of_the_path_goes_round_a_layer() {
    let server = Plan::bearer().start();
    for path in ["/mcp/", "/MCP", "//mcp", "/%6dcp", "/mcp%2f", "/./mcp", "/x/../mcp", "/mcp;a"] {
        let answer = server.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
        assert_eq!((status(&answer), &*error_code(&answer)), (404, "not_found"), "{path}");
    }
    let answer = server.ask("POST http://127.0.0.1/mcp HTTP/1.1\r\nContent-Length: 0").await;
    assert_eq!(status(&answer), 401, "the absolute form is the same path");
}
