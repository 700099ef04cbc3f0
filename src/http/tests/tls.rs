//! TLS of the server itself, from reqwest and from what speaks none.

use axum::http::Version;
use rcgen::DnType;
use reqwest::{Certificate, Client, ClientBuilder, Identity};

use super::{
    super::tls,
    authority::{Authority, Files, Issued},
    *,
};

/// A server with a certificate of its own authority; `clients` vouches for who may connect.
fn plan(files: &Files, authority: &Authority, clients: Option<&Authority>) -> Plan {
    let Issued { cert, key } = authority.server();
    let mut plan = Plan::bearer();
    plan.settings.tls = Some(tls::Settings {
        cert: files.write("cert.pem", &cert),
        key: files.write("key.pem", &key),
        chain: None,
        client_ca: clients.map(|clients| files.write("clients.pem", &clients.pem)),
    });
    plan
}

fn client(authority: &Authority) -> ClientBuilder {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    Client::builder().tls_certs_only([root]).no_proxy()
}

fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(format!("{}{}", issued.cert, issued.key).as_bytes()).unwrap()
}

fn url(server: &Running, path: &str) -> String {
    format!("https://127.0.0.1:{}{path}", server.address.port())
}

#[tokio::test]
async fn both_versions_of_http_are_served_and_kept_to_tls() {
    let (files, authority) = (Files::new(), Authority::new("root"));
    let server = plan(&files, &authority, None).start();
    let both = [
        (client(&authority), Version::HTTP_2),
        (client(&authority).http1_only(), Version::HTTP_11),
    ];
    for (client, version) in both {
        let client = client.build().unwrap();
        for (path, expected) in [("/auth/info", 200), ("/mcp", 401), ("/nothing", 404)] {
            let answer = client.get(url(&server, path)).send().await.unwrap();
            assert_eq!((answer.version(), answer.status().as_u16()), (version, expected), "{path}");
            assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "{path}");
        }
        let origin = url(&server, "");
        let answer = client.get(url(&server, "/auth/info")).header("origin", &origin).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], *origin);
        let body = answer.text().await.unwrap();
        assert!(body.contains(&url(&server, "/mcp")), "{body}");
        let plain = client.get(url(&server, "/")).header("origin", origin.replace("https", "http"));
        assert_eq!(plain.send().await.unwrap().status(), 403);
        let who = client.post(url(&server, "/mcp?certificate")).bearer_auth(TOKEN).send().await;
        assert_eq!(who.unwrap().text().await.unwrap(), "none");
        let who = client.post(url(&server, "/mcp?client")).bearer_auth(TOKEN).send().await;
        assert_eq!(who.unwrap().text().await.unwrap(), "127.0.0.1");
    }
}

#[tokio::test]
async fn who_shows_no_certificate_that_is_vouched_for_does_not_connect() {
    let (files, authority, clients) =
        (Files::new(), Authority::new("root"), Authority::new("clients"));
    let server = plan(&files, &authority, Some(&clients)).start();
    let subject = [(DnType::OrganizationName, "Example, Inc."), (DnType::CommonName, "agent")];
    let known = clients.client(&subject);
    // Its name is the same; who vouches for it is not.
    let foreign = Authority::new("clients").client(&subject);
    let of_the_server = authority.client(&subject);
    for http1 in [false, true] {
        let client = || if http1 { client(&authority).http1_only() } else { client(&authority) };
        let ask = async |client: ClientBuilder| {
            let client = client.build().unwrap();
            client.post(url(&server, "/mcp?certificate")).bearer_auth(TOKEN).send().await
        };
        let answer = ask(client().identity(identity(&known))).await.unwrap();
        assert_eq!(answer.text().await.unwrap(), r"CN=agent,O=Example\, Inc.");
        assert!(ask(client()).await.is_err());
        assert!(ask(client().identity(identity(&foreign))).await.is_err());
        assert!(ask(client().identity(identity(&of_the_server))).await.is_err());
    }
    let kept = client(&authority).identity(identity(&known)).build().unwrap();
    for _ in 0..3 {
        let answer = kept.post(url(&server, "/mcp?certificate")).bearer_auth(TOKEN).send().await;
        assert!(answer.unwrap().text().await.unwrap().starts_with("CN=agent"));
    }
}

#[tokio::test]
async fn the_same_name_of_two_authorities_is_two_principals() {
    let (files, authority) = (Files::new(), Authority::new("root"));
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let both = files.write("both.pem", &format!("{}{}", one.pem, other.pem));
    for mode in [None, Some(Plan::bearer().auth)] {
        let mut plan = plan(&files, &authority, Some(&one));
        plan.auth = mode.unwrap_or_else(|| auth_settings(Mode::None));
        plan.settings.tls.as_mut().unwrap().client_ca = Some(both.clone());
        let server = plan.start();
        let id = async |of: &Authority| {
            let issued = of.client(&[(DnType::CommonName, "deploy")]);
            let client = client(&authority).identity(identity(&issued)).build().unwrap();
            let answer = client.post(url(&server, "/mcp?id")).bearer_auth(TOKEN).send().await;
            answer.unwrap().text().await.unwrap()
        };
        let known = id(&one).await;
        assert_eq!(known.len(), 64, "{known}");
        assert_eq!(id(&one).await, known, "another certificate of the same");
        assert_ne!(id(&other).await, known);
    }
}

#[tokio::test]
async fn a_chain_of_its_own_file_is_sent_to_clients() {
    let (files, root) = (Files::new(), Authority::new("root"));
    let intermediate = root.intermediate("between");
    let mut with_chain = plan(&files, &intermediate, None);
    let mut without = plan(&files, &intermediate, None);
    if let Some(tls) = &mut with_chain.settings.tls {
        tls.chain = Some(files.write("chain.pem", &intermediate.pem));
    }
    without.settings.port = 0;
    let client = client(&root).build().unwrap();
    let (with_chain, without) = (with_chain.start(), without.start());
    assert!(client.get(url(&with_chain, "/")).send().await.is_ok());
    assert!(client.get(url(&without, "/")).send().await.is_err());
}

#[tokio::test]
async fn what_speaks_no_tls_is_closed() {
    let (files, authority) = (Files::new(), Authority::new("root"));
    let mut plan = plan(&files, &authority, None);
    plan.settings.limits.header_timeout = Duration::from_secs(30);
    let server = plan.start();
    for text in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut peer = server.connect().await;
        peer.send(text).await;
        let mut answer = Vec::new();
        // Closed or reset, and at once: nothing waits for the time of the headers.
        let read = timeout(PATIENCE, peer.0.read_to_end(&mut answer)).await;
        let _ = read.expect("the server kept the connection open");
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_come_in_time_closes_the_connection() {
    let (files, authority) = (Files::new(), Authority::new("root"));
    let mut plan = plan(&files, &authority, None);
    plan.settings.limits.header_timeout = Duration::from_millis(50);
    let server = plan.start();
    for start in [&b""[..], &[22, 3, 1], &[22, 3, 1, 2, 0, 1]] {
        let mut peer = server.connect().await;
        peer.0.write_all(start).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, peer.0.read_to_end(&mut answer)).await;
        let _ = read.expect("the server kept the connection open");
    }
}

#[tokio::test]
async fn calls_in_flight_are_finished_over_tls_too() {
    let (files, authority) = (Files::new(), Authority::new("root"));
    let mut plan = plan(&files, &authority, None);
    plan.settings.shutdown_delay = Duration::from_millis(300);
    let server = plan.start();
    let client = client(&authority).http1_only().build().unwrap();
    assert_eq!(client.get(url(&server, "/ready")).send().await.unwrap().status(), 200);
    server.stop.send(()).await.unwrap();
    let drained = timeout(PATIENCE, async {
        loop {
            let answer = client.get(url(&server, "/ready")).send().await.unwrap();
            if answer.status() == 503 {
                return answer;
            }
        }
    });
    assert_eq!(drained.await.unwrap().headers()["connection"], "close");
    assert_eq!(server.ended().await, Ended::Drained);
}
