//! TLS of the whole binary, spoken to by openssl and reqwest, and its files changed under load.

use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::{
    authority::{Authority, Files, Issued},
    clerk::{self, table::Keys},
    process::{PATIENCE, Server, signal},
    support,
};

/// The files of a server, in a directory behind a link, as Kubernetes mounts them.
struct Mounted {
    files: Files,
    number: AtomicUsize,
}

impl Mounted {
    fn new(issued: &Issued) -> Self {
        let mounted = Self { files: Files::new(), number: AtomicUsize::new(0) };
        mounted.swap(&issued.cert, &issued.key);
        mounted
    }

    fn path(&self, name: &str) -> String {
        self.files.0.join("now").join(name).display().to_string()
    }

    /// Puts other files in place, both in one step.
    fn swap(&self, cert: &str, key: &str) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let directory = self.files.0.join(number.to_string());
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("cert.pem"), cert).unwrap();
        std::fs::write(directory.join("key.pem"), key).unwrap();
        let next = self.files.0.join("next");
        std::os::unix::fs::symlink(&directory, &next).unwrap();
        std::fs::rename(next, self.files.0.join("now")).unwrap();
    }

    async fn serve(&self, more: &[(&str, &str)]) -> Server {
        let (cert, key) = (self.path("cert.pem"), self.path("key.pem"));
        let variables = [
            ("MCP_TLS_CERT_PATH", &*cert),
            ("MCP_TLS_KEY_PATH", &*key),
            ("RATE_LIMIT_ENABLED", "false"),
        ];
        Server::sandbox(&[&variables, more].concat()).await
    }
}

fn client(authorities: &[&Authority]) -> Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let roots = authorities.iter().map(|root| Certificate::from_pem(root.pem.as_bytes()).unwrap());
    // Each request on a connection of its own, so that each sees the certificate of the moment.
    Client::builder().tls_certs_only(roots).no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

async fn health(client: &Client, server: &Server) -> reqwest::Result<u16> {
    let url = format!("https://127.0.0.1:{}/health", server.address.port());
    client.get(url).send().await.map(|answer| answer.status().as_u16())
}

/// What `openssl s_client` says of a connection, and whether it came about.
async fn s_client(server: &Server, root: &Path, more: &[&str]) -> (bool, String) {
    let address = server.address.to_string();
    let root = root.display().to_string();
    let fixed =
        ["s_client", "-connect", &*address, "-CAfile", &*root, "-verify_return_error", "-brief"];
    let mut child = Command::new("openssl")
        .args([&fixed, more].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("openssl, which tests/run installs");
    // A request, so that a refusal of TLS 1.3, which comes after the client's part, is seen.
    let mut stdin = child.stdin.take().unwrap();
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, request).await;
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("an end").unwrap();
    drop(stdin);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (text.contains("HTTP/1.1 200 OK"), text)
}

#[tokio::test]
async fn openssl_speaks_both_versions_and_no_older_one() {
    let authority = Authority::new("root");
    let mounted = Mounted::new(&authority.server());
    let root = mounted.files.write("root.pem", &authority.pem);
    let server = mounted.serve(&[]).await;
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let (answered, said) = s_client(&server, &root, &[option]).await;
        assert!(answered && said.contains(version), "{said}");
        let (answered, said) = s_client(&server, &root, &[option, "-alpn", "http/1.1"]).await;
        assert!(answered, "{said}");
    }
    for option in ["-tls1_1", "-tls1"] {
        let all = ["-cipher", "ALL:@SECLEVEL=0", option];
        let (answered, said) = s_client(&server, &root, &all).await;
        assert!(!answered, "{said}");
    }
    let alpn = async |protocols: &str| {
        let address = server.address.to_string();
        let args = ["s_client", "-connect", &address, "-alpn", protocols];
        let output = Command::new("openssl").args(args).stdin(Stdio::null()).output();
        let output = timeout(PATIENCE, output).await.expect("an end").unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let said = alpn("h2,http/1.1").await;
    assert!(said.contains("ALPN protocol: h2"), "{said}");
    let said = alpn("http/1.1").await;
    assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
    let said = alpn("smtp").await;
    assert!(said.contains("no application protocol"), "{said}");
}

#[tokio::test]
async fn a_chain_of_its_own_file_leads_openssl_to_the_root() {
    let root = Authority::new("root");
    let between = root.intermediate("between");
    let mounted = Mounted::new(&between.server());
    let root = mounted.files.write("root.pem", &root.pem);
    let chain = mounted.files.write("chain.pem", &between.pem).display().to_string();
    let (answered, said) = s_client(&mounted.serve(&[]).await, &root, &[]).await;
    assert!(!answered, "{said}");
    let server = mounted.serve(&[("MCP_TLS_CA_PATH", &chain)]).await;
    let (answered, said) = s_client(&server, &root, &[]).await;
    assert!(answered, "{said}");
}

#[tokio::test]
async fn openssl_is_let_in_only_with_a_certificate_that_is_vouched_for() {
    let (authority, clients) = (Authority::new("root"), Authority::new("clients"));
    let mounted = Mounted::new(&authority.server());
    let root = mounted.files.write("root.pem", &authority.pem);
    let vouching = mounted.files.write("clients.pem", &clients.pem).display().to_string();
    let server = mounted.serve(&[("MCP_TLS_CLIENT_CA_PATH", &vouching)]).await;
    let certificate = |of: &Authority, name: &str| {
        let Issued { cert, key } = of.client(&[(rcgen::DnType::CommonName, name)]);
        let path = mounted.files.write(&format!("{name}.pem"), &format!("{cert}{key}"));
        path.display().to_string()
    };
    let (known, foreign) = (certificate(&clients, "known"), certificate(&authority, "foreign"));
    for version in ["-tls1_2", "-tls1_3"] {
        let (answered, said) = s_client(&server, &root, &[version, "-cert", &known]).await;
        assert!(answered, "{said}");
        let (answered, said) = s_client(&server, &root, &[version]).await;
        assert!(!answered && said.contains("alert"), "{said}");
        let (answered, said) = s_client(&server, &root, &[version, "-cert", &foreign]).await;
        assert!(!answered && said.contains("alert"), "{said}");
    }
}

#[tokio::test]
async fn certificates_change_under_load_without_a_failed_request() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let mounted = Mounted::new(&old.server());
    let server = Arc::new(mounted.serve(&[]).await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut load = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        let both = client(&[&old, &new]);
        load.spawn(async move {
            let mut answered = 0;
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(health(&both, &server).await.expect("an answer"), 200);
                answered += 1;
            }
            answered
        });
    }
    let (only_old, only_new) = (client(&[&old]), client(&[&new]));
    assert!(health(&only_old, &server).await.is_ok());
    for round in 1..=10 {
        let issuer = if round % 2 == 0 { &old } else { &new };
        let issued = issuer.server();
        mounted.swap(&issued.cert, &issued.key);
        signal(server.id(), "HUP").await;
        let said = async {
            while server.log().matches("serving the new TLS files").count() < round {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, said).await.expect("reloaded");
        let now_old = round % 2 == 0;
        assert_eq!(health(&only_old, &server).await.is_ok(), now_old, "round {round}");
        assert_eq!(health(&only_new, &server).await.is_ok(), !now_old, "round {round}");
    }
    stop.store(true, Ordering::Relaxed);
    let answered: Vec<u32> = load.join_all().await;
    assert!(answered.iter().sum::<u32>() > 50, "{answered:?}");
    eprintln!("{} requests over ten changes of the certificate", answered.iter().sum::<u32>());
}

#[tokio::test]
async fn a_change_of_the_files_is_noticed_and_a_bad_one_changes_nothing() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let first = old.server();
    let mounted = Mounted::new(&first);
    let server = mounted.serve(&[]).await;
    let (only_old, only_new) = (client(&[&old]), client(&[&new]));

    let second = new.server();
    mounted.swap(&second.cert, &first.key);
    let why = "still serving the old TLS files: the file of `tls.key_path` is not the key of the \
               certificate";
    server.logged(why).await;
    mounted.swap("no certificate", &second.key);
    signal(server.id(), "HUP").await;
    server.logged("the file of `tls.cert_path` holds no certificate in PEM").await;
    assert!(health(&only_old, &server).await.is_ok());
    assert!(health(&only_new, &server).await.is_err());

    // No signal: the files alone.
    mounted.swap(&second.cert, &second.key);
    server.logged("serving the new TLS files").await;
    assert!(health(&only_old, &server).await.is_err());
    assert!(health(&only_new, &server).await.is_ok());
    let log = server.log();
    assert_eq!(log.matches(why).count(), 1, "{log}");
    signal(server.id(), "HUP").await;
    server.logged("the TLS files are as they were").await;
    assert!(!server.log().contains("PRIVATE KEY"), "{}", server.log());
}

/// Status and number of tools that who shows this certificate and token is given.
async fn tools(
    server: &Server,
    root: &Authority,
    certificate: &Issued,
    token: &str,
) -> (u16, usize) {
    let Issued { cert, key } = certificate;
    let identity = reqwest::Identity::from_pem(format!("{cert}{key}").as_bytes()).unwrap();
    let root = Certificate::from_pem(root.pem.as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([root]).identity(identity).no_proxy();
    let url = format!("https://127.0.0.1:{}/mcp", server.address.port());
    let params = json!({ "_meta": support::meta(support::MODERN) });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params });
    let request = client.build().unwrap().post(url).body(message.to_string());
    let request = request
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", support::MODERN)
        .header("mcp-method", "tools/list");
    let request = if token.is_empty() { request } else { request.bearer_auth(token) };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    (status, body["result"]["tools"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn a_certificate_is_a_principal_and_a_condition_of_rules() {
    const TOKEN: &str = "0123456789abcdef";
    let (root, clients) = (Authority::new("root"), Authority::new("clients"));
    let mounted = Mounted::new(&root.server());
    let vouching = mounted.files.write("clients.pem", &clients.pem).display().to_string();
    let rules = "[[rules]]\ndomains = [\"labels\"]\n[rules.when]\ncertificates = [\"CN=deploy\"]";
    let rules = mounted.files.write("rules.toml", rules).display().to_string();
    let both = [("MCP_TLS_CLIENT_CA_PATH", &*vouching), ("MCP_CONFIG", &*rules)];
    let certificate = |name| clients.client(&[(rcgen::DnType::CommonName, name)]);
    let (deploy, other) = (certificate("deploy"), certificate("other"));

    let alone = mounted.serve(&both).await;
    assert_eq!(tools(&alone, &root, &deploy, "").await, (200, 5));
    assert_eq!(tools(&alone, &root, &other, "").await, (403, 0));
    let bearer = [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", TOKEN)];
    let bearer = mounted.serve(&[both, bearer].concat()).await;
    assert_eq!(tools(&bearer, &root, &deploy, TOKEN).await, (200, 5));
    assert_eq!(tools(&bearer, &root, &deploy, "").await, (401, 0));
    assert_eq!(tools(&bearer, &root, &other, TOKEN).await, (403, 0));

    let keys = Keys::new();
    let issuer = clerk::issuer::Issuer::start(&keys.published()).await;
    let ca = mounted.files.write("issuer.pem", &issuer.ca).display().to_string();
    let environment = clerk::table::environment(&issuer);
    let environment = environment.iter().map(|(name, value)| (*name, &**value));
    let variables: Vec<_> =
        both.into_iter().chain(environment).chain([("SSL_CERT_FILE", &*ca)]).collect();
    let server = mounted.serve(&variables).await;
    let good = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    let foreign = keys.foreign.token(&keys.foreign.header(), &issuer.claims(json!({})));
    assert_eq!(tools(&server, &root, &deploy, &good).await, (200, 5));
    assert_eq!(tools(&server, &root, &deploy, &foreign).await, (401, 0));
    assert_eq!(tools(&server, &root, &deploy, "").await, (401, 0));
    assert_eq!(tools(&server, &root, &other, &good).await, (403, 0));
}
