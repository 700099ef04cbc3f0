//! What is public, the API's root and the price sheets on another host: the same bounds, and never
//! the key.

use super::*;

fn sheet() -> Request<'static> {
    let get = request(Method::Get, "/pricing/{provider}.json", json!({ "provider": "openai" }));
    Request { base: Base::Prices, ..get }
}

fn model() -> Request<'static> {
    Request { base: Base::Root, ..get("/model-configs/pricing/openai/gpt-4o") }
}

/// A client whose API and whose price sheets are on two hosts.
fn client_of_two(api: &Upstream, prices: &Upstream) -> Portkey {
    let api = format!("http://{}/v1", api.address);
    let bases = Bases::new(api.clone(), format!("http://{}", prices.address));
    Portkey::build(&settings(), credential(&api), bases, false).unwrap()
}

#[tokio::test]
async fn the_host_of_the_price_sheets_gets_no_key() {
    let api = Upstream::start(|_, _| answer(200, "{}")).await;
    let prices = Upstream::start(|earlier, _| match earlier {
        0 => answer(503, ""),
        _ => answer(200, r#"{"gpt-4o":{}}"#),
    })
    .await;
    let client = client_of_two(&api, &prices);
    assert_eq!(client.send(sheet(), &context()).await.unwrap(), r#"{"gpt-4o":{}}"#);
    let seen = prices.seen();
    assert_eq!(seen.len(), 2, "a read is tried again");
    for request in &seen {
        assert_eq!(request.target, "/pricing/openai.json");
        assert_eq!(request.header("x-portkey-api-key"), None);
        assert!(!format!("{request:?}").contains(KEY));
    }
    assert_eq!(api.seen().len(), 0);
    client.send(get("/configs"), &context()).await.unwrap();
    assert_eq!(api.seen()[0].header("x-portkey-api-key"), Some(KEY));
}

#[tokio::test]
async fn its_answers_are_bounded_and_its_redirects_are_not_followed() {
    let api = Upstream::start(|_, _| answer(200, "{}")).await;
    let large = format!("\"{}\"", "x".repeat(70_000));
    let prices = Upstream::start(move |earlier, _| match earlier {
        0 => answer(200, &large),
        1 => with_header(302, "location: https://elsewhere.example/x", ""),
        _ => answer(200, "<html>sign in</html>"),
    })
    .await;
    let client = client_of_two(&api, &prices);
    let error = client.send(sheet(), &context()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::TooLarge { .. }), "{error}");
    for _ in 0..2 {
        let error = client.send(sheet(), &context()).await.unwrap_err();
        assert!(error.remedy().contains("PORTKEY_PRICING_URL"), "{error}: {}", error.remedy());
    }
    assert_eq!((prices.seen().len(), api.seen().len()), (3, 0));
}

#[tokio::test]
async fn a_private_host_is_never_connected_to() {
    let prices = Upstream::start(|_, _| answer(200, "{}")).await;
    let url = format!("http://localhost:{}", prices.address.port());
    let bases = Bases::new("https://api.example.com/v1".to_owned(), url);
    let client =
        Portkey::build(&settings(), credential("https://api.example.com/v1"), bases, true).unwrap();
    let error = client.send(sheet(), &context()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::PrivateAddress { .. }), "{error}");
    assert_eq!(prices.connections(), 0);
}

#[tokio::test]
async fn the_root_is_the_base_url_without_its_version_and_gets_no_key() {
    let prices = Upstream::start(|_, _| answer(200, "{}")).await;
    for (path, root) in
        [("/v1", ""), ("/v2", ""), ("", ""), ("/portkey/v1", "/portkey"), ("/v1/x", "/v1/x")]
    {
        let api = Upstream::start(|earlier, _| match earlier {
            0 => answer(503, ""),
            _ => answer(200, "{}"),
        })
        .await;
        let base = format!("http://{}{path}", api.address);
        let bases = Bases::new(base.clone(), format!("http://{}", prices.address));
        let client = Portkey::build(&settings(), credential(&base), bases, false).unwrap();
        client.send(model(), &context()).await.unwrap();
        let seen = api.seen();
        assert_eq!(seen.len(), 2, "a read is tried again");
        for request in &seen {
            assert_eq!(request.target, format!("{root}/model-configs/pricing/openai/gpt-4o"));
            assert_eq!(request.header("x-portkey-api-key"), None);
            assert!(!format!("{request:?}").contains(KEY));
        }
        client.send(get("/configs"), &context()).await.unwrap();
        let keyed = api.seen().pop().unwrap();
        assert_eq!(keyed.header("x-portkey-api-key"), Some(KEY), "the key still goes with others");
    }
    assert_eq!(prices.seen().len(), 0);
}
