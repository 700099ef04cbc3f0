//! Whose request it is, and who is counted for it, behind every kind of proxy: what the sender wrote
//! into headers changes neither.

use super::{super::super::rate, *};

/// Between a client and the server.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Nothing, with `MCP_TRUST_PROXY` as it is.
    Direct(&'static str),
    /// So many proxies of 10.0.0.0/8, each of which adds who connected to it.
    Proxies(&'static str, u8),
    /// One proxy on this machine.
    Local,
    /// Fly's, which writes its own header in place of the sender's.
    Fly,
}

impl Way {
    fn trust(self) -> TrustProxy {
        let words = match self {
            Self::Direct(words) | Self::Proxies(words, _) => words,
            Self::Local => "loopback",
            Self::Fly => "fly",
        };
        TrustProxy::parse(&words.split(',').map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    /// Who connects to the server, and with which headers, when `client` sent `written`.
    fn pass(self, client: IpAddr, written: &[Header], one_line: bool) -> (IpAddr, Vec<Header>) {
        let mut headers = written.to_vec();
        let proxy = |number| IpAddr::from([10, 0, 0, number]);
        match self {
            Self::Direct(_) => (client, headers),
            Self::Proxies(_, count) => {
                let mut peer = client;
                for number in 1..=count {
                    add(&mut headers, peer, one_line);
                    peer = proxy(number);
                }
                (peer, headers)
            }
            Self::Local => {
                add(&mut headers, client, one_line);
                (IpAddr::from([127, 0, 0, 1]), headers)
            }
            Self::Fly => {
                headers.retain(|(name, _)| *name != "fly-client-ip");
                headers.push(("fly-client-ip", client.to_string().into_bytes()));
                (IpAddr::from([172, 19, 7, 1]), headers)
            }
        }
    }
}

type Header = (&'static str, Vec<u8>);

/// Adds who connected, at the end of the last line or in one of its own.
fn add(headers: &mut Vec<Header>, peer: IpAddr, one_line: bool) {
    let last = headers.iter_mut().rev().find(|(name, _)| *name == "x-forwarded-for");
    match last.filter(|_| one_line) {
        Some((_, line)) => line.extend(format!(", {peer}").bytes()),
        None => headers.push(("x-forwarded-for", peer.to_string().into_bytes())),
    }
}

fn way() -> impl Strategy<Value = Way> {
    prop::sample::select(vec![
        Way::Direct("none"),
        Way::Direct("10.0.0.0/8"),
        Way::Direct("10.0.0.0/8,fd00::/8,192.0.2.1"),
        Way::Direct("loopback"),
        Way::Direct("fly"),
        Way::Proxies("1", 1),
        Way::Proxies("true", 1),
        Way::Proxies("cloudrun", 1),
        Way::Proxies("2", 2),
        Way::Proxies("3", 3),
        Way::Proxies("10.0.0.0/8", 1),
        Way::Proxies("::ffff:10.0.0.0/104", 2),
        Way::Proxies("10.0.0.1,10.0.0.2,10.0.0.3", 3),
        Way::Local,
        Way::Fly,
    ])
}

/// Not of a network that is trusted anywhere here.
fn client() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u8>().prop_map(|it| IpAddr::from([203, 0, 113, it])),
        any::<u8>().prop_map(|it| IpAddr::from([0x2001, 0xdb8, 0, it.into(), 0, 0, 0, 1])),
    ]
}

fn written() -> impl Strategy<Value = Vec<Header>> {
    let names = [
        "x-forwarded-for",
        "forwarded",
        "fly-client-ip",
        "x-real-ip",
        "x-forwarded-host",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-forwarded",
    ];
    let names = prop_oneof![
        3 => Just("x-forwarded-for"),
        2 => prop::sample::select(names.to_vec()),
    ];
    let entries = [
        "198.51.100.9",
        "198.51.100.9, 198.51.100.8",
        "10.0.0.1",
        "127.0.0.1, 10.0.0.9",
        "[2001:db8:ffff::1]:80",
        "::ffff:10.0.0.1",
        "for=198.51.100.9",
        "unknown",
        "198.51.100.9,",
        ",",
        "",
        "\"198.51.100.9",
    ];
    prop::collection::vec((names, prop_oneof![3 => one_of(&entries), 1 => noise(20)]), 0..4)
}

fn request(headers: &[Header]) -> Option<Request> {
    let own = [
        ("host", HOME.as_bytes().to_vec()),
        ("authorization", format!("Bearer {TOKEN}").into_bytes()),
    ];
    let headers = [&own[..], headers].concat();
    let (method, target) = (Method::POST, "/mcp?client".to_owned());
    Sent { method, authority: None, target, headers }.request()
}

/// One request of an address, as many as like of a caller, or the other way round.
fn limited(trust: &TrustProxy, by_address: bool) -> Router {
    let one = 1.try_into().unwrap();
    let hourly = rate::Rate::new(one, one, Duration::from_secs(3600));
    let many = rate::Rate::per_minute(100_000.try_into().unwrap());
    let settings = rate::Settings {
        address: if by_address { hourly } else { many },
        principal: if by_address { many } else { hourly },
        destructive: many,
        max_buckets: 100.try_into().unwrap(),
        shared: None,
    };
    let mut plan = Plan { rate: Some(settings), ..Plan::bearer() };
    plan.settings.trust_proxy = trust.clone();
    routes(plan)
}

#[test]
fn whoever_writes_headers_is_counted_as_who_connected() {
    let runtime = runtime();
    let cases = (way(), client(), client(), prop::collection::vec(written(), 2), any::<bool>());
    let outcome = runner(800).run(&cases, |(way, one, other, written, one_line)| {
        let (by_address, by_caller) = (limited(&way.trust(), true), limited(&way.trust(), false));
        let ask = |routes: &Router, client: IpAddr, written: &[Header]| {
            let (peer, headers) = way.pass(client, written, one_line);
            let request = request(&headers)?;
            let (head, body) = runtime.block_on(answered(routes, request, peer));
            Some((head.status().as_u16(), body))
        };
        let Some((status, body)) = ask(&by_address, one, &written[0]) else { return Ok(()) };
        prop_assert_eq!((status, body), (200, one.to_string()));
        // Other headers make nobody another one, and nobody is made to pay for others.
        let Some((status, body)) = ask(&by_address, one, &written[1]) else { return Ok(()) };
        prop_assert_eq!(status, 429, "{}", body);
        let (status, body) = ask(&by_address, other, &written[1]).unwrap();
        prop_assert_eq!(status, if one == other { 429 } else { 200 }, "{}", body);
        // A caller is counted by its token, wherever it comes from and whatever it writes.
        prop_assert_eq!(ask(&by_caller, one, &written[0]).unwrap().0, 200);
        prop_assert_eq!(ask(&by_caller, other, &written[1]).unwrap().0, 429);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
