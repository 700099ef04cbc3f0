//! The same over sockets: bytes that no client library would send, and HTTP/2, where `:authority`
//! and `Host` can differ.

use axum::http::Version;

use super::{
    given::{authorization, host, origin, other, target},
    *,
};

/// A line between the request line and the end of the headers.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let odd = [
        "Host: localhost",
        "Host: evil.example",
        "Host : localhost",
        " Host: localhost",
        "\thost: localhost",
        "Host:localhost\r\n evil.example",
        "Host: localhost\rX: y",
        "Host: localhost\nX: y",
        "Content-Length: 0",
        "Content-Length: 5",
        "Content-Length: 0, 0",
        "Content-Length: -1",
        "Content-Length: +0",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Connection: Host, Authorization",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "Authorization: Bearer x",
        "Authorization: ",
        ": empty",
        "no colon",
        "",
    ];
    let anything = prop::collection::vec(any::<u8>(), 0..30);
    let known = prop_oneof![
        authorization_without_token().prop_map(|it| [&b"Authorization: "[..], &it].concat()),
        origin().prop_map(|it| [&b"Origin: "[..], &it].concat()),
        host().prop_map(|it| [&b"Host: "[..], &it].concat()),
        other_without_token().prop_map(|(name, it)| [name.as_bytes(), b": ", &it].concat()),
    ];
    prop_oneof![3 => one_of(&odd), 3 => known, 1 => anything]
}

fn authorization_without_token() -> impl Strategy<Value = Vec<u8>> {
    authorization().prop_filter("the token", |it| !shows_token(it))
}

fn other_without_token() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    other().prop_filter("a body that never comes", |(name, _)| *name != "expect")
}

fn request_line() -> impl Strategy<Value = Vec<u8>> {
    let odd = [
        "POST http://localhost/mcp HTTP/1.1",
        "POST http://evil.example/mcp HTTP/1.1",
        "POST http://localhost@evil.example/mcp HTTP/1.1",
        "POST HTTP://LOCALHOST/mcp HTTP/1.1",
        "GET https://localhost/ HTTP/1.1",
        "GET //localhost/mcp HTTP/1.1",
        "GET http:/mcp HTTP/1.1",
        "GET mcp HTTP/1.1",
        "GET ?/mcp HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "CONNECT localhost:80 HTTP/1.1",
        "CONNECT /mcp HTTP/1.1",
        "GET /mcp HTTP/1.0",
        "GET /mcp HTTP/2.0",
        "GET /mcp HTTP/0.9",
        "GET /mcp",
        "GET  /mcp HTTP/1.1",
        "GET /mcp  HTTP/1.1",
        "GET\t/mcp HTTP/1.1",
        "\r\nPOST /mcp HTTP/1.1",
        "G\0T /mcp HTTP/1.1",
        "PRI * HTTP/2.0",
    ];
    let plain = target().prop_map(|target| format!("POST {target} HTTP/1.1").into_bytes());
    prop_oneof![3 => plain, 2 => one_of(&odd), 1 => prop::collection::vec(any::<u8>(), 0..30)]
}

/// What the server sends until it closes, or until one answer is whole.
async fn first_answer(server: &Running, request: &[u8]) -> Vec<u8> {
    let mut peer = server.connect().await;
    // A server that refuses may close before everything was sent.
    let _ = peer.0.write_all(request).await;
    let mut answer = Vec::new();
    let whole = async {
        while !is_whole(&answer) {
            match peer.0.read_buf(&mut answer).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    };
    timeout(PATIENCE, whole).await.expect("neither an answer nor an end");
    answer
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((_, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = header(&text, "content-length").and_then(|it| it.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

#[test]
fn no_bytes_get_in_without_the_token_or_break_the_server() {
    let runtime = runtime();
    let mut plan = bearer();
    plan.settings.limits.header_timeout = Duration::from_millis(200);
    plan.settings.limits.body_timeout = Duration::from_millis(50);
    let server = runtime.block_on(async { plan.start() });
    let answers = Mutex::new(BTreeSet::new());
    let cases = (request_line(), prop::collection::vec(line(), 0..6));
    let outcome = runner(1000).run(&cases, |(first, lines)| {
        let first = [first];
        let all: Vec<_> = first.iter().chain(&lines).map(Vec::as_slice).collect();
        let request = [&all.join(&b"\r\n"[..])[..], b"\r\nHost: localhost\r\n\r\n"].concat();
        // Noise may spell it by accident.
        prop_assume!(
            !request.windows(TOKEN.len()).any(|it| it == TOKEN.as_bytes()) || {
                let text = String::from_utf8_lossy(&request).to_lowercase();
                !text.contains(&format!("authorization: bearer {TOKEN}"))
            }
        );
        let answer = runtime.block_on(first_answer(&server, &request));
        let answer = String::from_utf8_lossy(&answer);
        let status = status(&answer);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        prop_assert!(!body.contains(" by "), "{}", answer);
        prop_assert!(status < 500, "{}", answer);
        answers.lock().unwrap().insert(status);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let answers = answers.into_inner().unwrap();
    assert!([200, 400, 401, 403, 404].iter().all(|it| answers.contains(it)), "{answers:?}");
    // It still serves.
    let good = format!("POST /mcp HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: Bearer {TOKEN}");
    assert_eq!(status(&runtime.block_on(server.ask(&good))), 200);
}

#[test]
fn http2_is_answered_by_the_same_rules() {
    let runtime = runtime();
    let server = runtime.block_on(async { bearer().start() });
    let own = own_origins(server.address.port());
    let send = runtime.block_on(async {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        send
    });
    let statuses = Mutex::new(BTreeSet::new());
    // Every one has an `:authority`, most of them a `Host` as well.
    let cases = (sent(), prop_oneof![2 => Just("localhost"), 1 => Just("evil.example")]);
    let outcome = runner(300).run(&cases, |(mut sent, authority)| {
        sent.authority.get_or_insert(authority.to_owned());
        let Some(request) = sent.request() else { return Ok(()) };
        let (mut parts, _) = request.into_parts();
        parts.version = Version::HTTP_2;
        let request = http::Request::from_parts(parts, ());
        let answer = async {
            let (answer, _) = send.clone().ready().await?.send_request(request, true)?;
            let (head, mut body) = answer.await?.into_parts();
            let mut whole = Vec::new();
            while let Some(part) = body.data().await {
                whole.extend_from_slice(&part?);
            }
            Ok::<_, h2::Error>((head, String::from_utf8(whole).unwrap()))
        };
        let answer = runtime.block_on(async { timeout(PATIENCE, answer).await });
        let (head, body) = answer
            .expect("an answer")
            .map_err(|error| TestCaseError::fail(format!("no answer: {error}")))?;
        prop_assert_eq!(head.status.as_u16(), sent.expected(&own), "{}", body);
        statuses.lock().unwrap().insert(head.status.as_u16());
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let statuses = statuses.into_inner().unwrap();
    assert!([200, 401, 403, 404].iter().all(|it| statuses.contains(it)), "{statuses:?}");
}
