//! The laws of the scanner, on requests and on noise.

use proptest::prelude::*;

use super::*;

fn request() -> impl Strategy<Value = String> {
    let headers = prop::collection::vec("X-[a-z]{1,8}:[ \t]?[ -~]{0,20}", 0..5);
    let extension = prop::option::of("[a-z=\"]{0,9}");
    let chunk = ("[ -~\r\n]{1,40}", extension).prop_map(|(data, extension)| {
        let extension = extension.map(|text| format!(";{text}")).unwrap_or_default();
        format!("{:x}{extension}\r\n{data}\r\n", data.len())
    });
    let body = prop_oneof![
        Just("\r\n".to_owned()),
        "[ -~\r\n]{0,60}".prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())),
        prop::collection::vec(chunk, 0..4)
            .prop_map(|chunks| format!("Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.concat())),
    ];
    ("(GET|POST|PUT)", "/[a-z0-9/]{0,20}", headers, body).prop_map(|(method, target, headers, body)| {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{headers}{body}")
    })
}

/// Bytes that look enough like HTTP to get past the first one.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "GET ",
        "/",
        " HTTP/1.1\r\n",
        "Host: a\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        ":",
        "Content-Length: 3\r\n",
        "0\r\n",
        "Transfer-Encoding: chunked\r\n",
        "abc",
        "3\r\n",
        ";",
        "%",
        "\0",
        "\u{e9}",
        "POST / HTTP/1.1\r\n",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(words, 0..40).prop_map(|words| words.concat().into_bytes()),
    ]
}

fn cuts(length: usize, cuts: &[prop::sample::Index]) -> Vec<usize> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

proptest! {
    #[test]
    fn pipelined_requests_pass_byte_for_byte_however_they_are_cut(
        requests in prop::collection::vec(request(), 1..6), at in prop::collection::vec(any::<prop::sample::Index>(), 0..12)
    ) {
        let bytes = requests.concat().into_bytes();
        let (passed, rest, heads) = feed(&bytes, &cuts(bytes.len(), &at), Limits::default());
        prop_assert_eq!((passed, rest, heads), (bytes, Rest::Wait, requests.len() as u64));
    }

    #[test]
    fn no_bytes_panic_and_no_cutting_changes_the_judgement(
        bytes in noise(), at in prop::collection::vec(any::<prop::sample::Index>(), 0..12)
    ) {
        let limits = Limits { uri: 20, head: 60, headers: 3, ..Limits::default() };
        let (passed, rest, heads) = feed(&bytes, &[], limits);
        prop_assert!(bytes.starts_with(&passed));
        prop_assert_eq!(feed(&bytes, &cuts(bytes.len(), &at), limits), (passed, rest, heads));
    }

    #[test]
    fn what_passes_as_a_head_is_a_head_for_hyper_too(bytes in noise()) {
        let (passed, _, heads) = feed(&bytes, &[], Limits::default());
        if heads > 0 {
            let mut headers = [httparse::EMPTY_HEADER; 100];
            let mut request = httparse::Request::new(&mut headers);
            prop_assert!(matches!(request.parse(&passed), Ok(httparse::Status::Complete(_))));
            prop_assert!(http::Uri::try_from(request.path.unwrap_or_default()).is_ok());
        }
    }
}
