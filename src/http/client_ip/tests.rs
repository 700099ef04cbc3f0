//! Addresses as proxies and liars write them.

use axum::http::{HeaderValue, header::InvalidHeaderValue};
use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<TrustProxy, String> {
    TrustProxy::parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>())
}

fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (name.clone(), HeaderValue::from_str(line).unwrap())).collect()
}

#[track_caller]
fn client(trust: &str, peer: &str, lines: &[&str]) -> String {
    let headers = headers(&FORWARDED_FOR, lines);
    parse(trust).unwrap().client(peer.parse().unwrap(), &headers).0.to_string()
}

#[test]
fn the_words_are_read() {
    for text in ["", "none", "0", "false", "No", " off "] {
        assert_eq!(parse(text), Ok(TrustProxy::None), "{text}");
    }
    for text in ["1", "true", "cloudrun", "01"] {
        assert_eq!(parse(text), Ok(TrustProxy::Hops(1)), "{text}");
    }
    assert_eq!(parse("2"), Ok(TrustProxy::Hops(2)));
    assert_eq!(parse("FLY"), Ok(TrustProxy::Fly));
    let networks = |text| match parse(text) {
        Ok(TrustProxy::Networks(networks)) => {
            networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(networks("loopback"), "127.0.0.0/8 ::1/128");
    assert_eq!(networks("10.0.0.0/8, 192.0.2.7"), "10.0.0.0/8 192.0.2.7/32");
    assert_eq!(networks("::ffff:10.0.0.0/104,fd00::/8"), "10.0.0.0/8 fd00::/8");
    for text in [
        "33",
        "999",
        "-1",
        "1.5",
        "proxy",
        "fly,10.0.0.0/8",
        "1,2",
        "10.0.0.0/33",
        "10.0.0.0/",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/8,,",
        "::ffff:0.0.0.0/96",
    ] {
        assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
    }
}

#[test]
fn nobody_is_believed_unless_told() {
    assert_eq!(client("none", "192.0.2.1", &["203.0.113.7"]), "192.0.2.1");
    assert_eq!(client("none", "::ffff:192.0.2.1", &[]), "192.0.2.1");
}

#[test]
fn hops_are_counted_from_the_right() {
    let chain = ["198.51.100.1, 203.0.113.7", "10.0.0.2"];
    for (hops, expected) in
        [("1", "10.0.0.2"), ("2", "203.0.113.7"), ("3", "198.51.100.1"), ("4", "198.51.100.1")]
    {
        assert_eq!(client(hops, "10.0.0.1", &chain), expected, "{hops} hops");
    }
    assert_eq!(client("2", "10.0.0.1", &[]), "10.0.0.1");
    assert_eq!(client("2", "10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
}

#[test]
fn networks_are_walked_to_the_first_stranger() {
    let walk = |peer, lines: &[&str]| client("10.0.0.0/8,fd00::/8", peer, lines);
    assert_eq!(walk("192.0.2.1", &["203.0.113.7"]), "192.0.2.1", "an untrusted peer");
    assert_eq!(walk("10.0.0.1", &["198.51.100.1, 203.0.113.7, 10.0.0.2"]), "203.0.113.7");
    assert_eq!(walk("fd00::1", &["198.51.100.1,203.0.113.7 ,\tfd00::2"]), "203.0.113.7");
    assert_eq!(walk("::ffff:10.0.0.1", &["::ffff:203.0.113.7"]), "203.0.113.7");
    assert_eq!(walk("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "trusted to the end");
    assert_eq!(client("loopback", "::1", &["203.0.113.7, 127.0.0.1"]), "203.0.113.7");
}

#[test]
fn what_cannot_be_read_ends_the_walk_at_the_last_trusted_address() {
    for bad in [
        "unknown",
        "_hidden",
        "",
        "10.0.0",
        "10.0.0.256",
        "0x0a.0.0.1",
        "fe80::1%eth0",
        "[::1",
        "1.2.3.4:",
        "1.2.3.4:99999",
        "\"1.2.3.4\"",
        "for=1.2.3.4",
    ] {
        let line = format!("203.0.113.7, {bad}, 10.0.0.2");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[&line]), "10.0.0.2", "{bad}");
        assert_eq!(client("3", "10.0.0.1", &[&line]), "10.0.0.2", "{bad}");
        assert_eq!(client("1", "10.0.0.1", &["203.0.113.7", bad]), "10.0.0.1", "{bad}");
    }
}

#[test]
fn ports_and_brackets_are_no_part_of_an_address() {
    for (text, expected) in [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
    ] {
        assert_eq!(client("1", "10.0.0.1", &[text]), expected, "{text}");
    }
}

#[test]
fn fly_is_believed_only_when_its_proxy_connects() {
    let fly = |peer: &str, lines: &[&str]| {
        let mut headers = headers(&FLY_CLIENT_IP, lines);
        headers.insert(FORWARDED_FOR, HeaderValue::from_static("198.51.100.9"));
        TrustProxy::Fly.client(peer.parse().unwrap(), &headers).0.to_string()
    };
    assert_eq!(fly("172.19.3.1", &["203.0.113.7"]), "203.0.113.7");
    assert_eq!(fly("::ffff:172.19.3.1", &["2001:db8::7"]), "2001:db8::7");
    for peer in ["203.0.113.9", "fdaa::3", "127.0.0.1", "172.32.0.1", "10.0.0.1"] {
        assert_eq!(fly(peer, &["203.0.113.7"]), peer);
    }
    for lines in [&[][..], &["203.0.113.7", "203.0.113.7"], &["203.0.113.7, 203.0.113.8"], &["x"]] {
        assert_eq!(fly("172.19.3.1", lines), "172.19.3.1", "{lines:?}");
    }
}

#[test]
fn other_headers_are_never_read() {
    let mut headers = HeaderMap::new();
    for name in ["forwarded", "x-forwarded-host", "x-real-ip", "client-ip", "fly-client-ip"] {
        headers.insert(name, HeaderValue::from_static("203.0.113.7"));
    }
    headers.insert("forwarded", HeaderValue::from_static("for=203.0.113.7"));
    for trust in ["1", "3", "0.0.0.0/1", "loopback"] {
        let client = parse(trust).unwrap().client("127.0.0.1".parse().unwrap(), &headers);
        assert_eq!(client.0.to_string(), "127.0.0.1", "{trust}");
    }
}

/// One entry as a proxy, a liar or noise would write it.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|it| IpAddr::from(it).to_string().into_bytes()),
        any::<u8>().prop_map(|it| format!("10.0.0.{it}").into_bytes()),
        any::<[u8; 16]>().prop_map(|it| IpAddr::from(it).to_string().into_bytes()),
        any::<u8>().prop_map(|it| format!("[::ffff:10.0.0.{it}]:1").into_bytes()),
        // Every byte that a header may hold.
        proptest::collection::vec(prop_oneof![Just(b'\t'), 32u8..127, 128u8..=255], 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever stands left of what no trusted proxy wrote changes nothing, and nothing panics.
    #[test]
    fn no_address_left_of_an_untrusted_hop_is_ever_taken(
        entries in proptest::collection::vec(entry(), 0..6),
        more in proptest::collection::vec(entry(), 0..4),
        lines in 1usize..4,
        hops in 1u8..4,
        fly in entry(),
        peer in prop_oneof![Just("10.0.0.1"), Just("192.0.2.1"), Just("172.16.0.9")],
    ) {
        let peer: IpAddr = peer.parse().unwrap();
        let build = |entries: &[Vec<u8>]| {
            let mut headers = HeaderMap::new();
            for line in entries.chunks(entries.len().div_ceil(lines).max(1)) {
                headers.append(FORWARDED_FOR, HeaderValue::from_bytes(&line.join(&b','))?);
            }
            headers.insert(FLY_CLIENT_IP, HeaderValue::from_bytes(&fly)?);
            Ok::<_, InvalidHeaderValue>(headers)
        };
        let Ok(headers) = build(&entries) else { return Ok(()) };
        let networks = parse("10.0.0.0/8").unwrap();
        let own: IpNet = "10.0.0.0/8".parse().unwrap();

        // The model: flat text, read backwards by hand.
        let text = entries.join(&b',');
        let mut read: Vec<Option<IpAddr>> =
            if entries.is_empty() { vec![] } else { text.split(|it| *it == b',').map(address_of).collect() };
        read.reverse();
        let known = read.iter().take_while(|it| it.is_some()).flatten().copied();
        let known: Vec<IpAddr> = known.collect();
        let by_hops = known.iter().take(usize::from(hops)).next_back().copied().unwrap_or(peer);
        prop_assert_eq!(TrustProxy::Hops(hops).client(peer, &headers).0, by_hops);
        let chain: Vec<IpAddr> = [peer].into_iter().chain(known).collect();
        let stranger = chain.iter().find(|it| !own.contains(*it));
        let expected = *stranger.unwrap_or(chain.last().unwrap());
        prop_assert_eq!(networks.client(peer, &headers).0, expected);

        // More on the left, in lines of its own, changes nothing once a stranger was met.
        if let (Some(stranger), Ok(left)) = (stranger, build(&more)) {
            let mut longer = HeaderMap::new();
            for value in left.get_all(FORWARDED_FOR).iter().chain(headers.get_all(FORWARDED_FOR)) {
                longer.append(FORWARDED_FOR, value.clone());
            }
            prop_assert_eq!(networks.client(peer, &longer).0, *stranger);
        }
        let by_fly = TrustProxy::Fly.client(peer, &headers).0;
        prop_assert!(by_fly == peer || peer.to_string() == "172.16.0.9");
    }
}
