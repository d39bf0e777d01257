//! Streams that other encoders made, as hexadecimal digits.

/// The document that the streams below hold.
pub(in crate::upstream) fn document() -> Vec<u8> {
    let item = |id: usize| format!("{{\"id\":{id},\"name\":\"item {id}\",\"price\":{id}.50}}");
    format!("[{}]", (0..40).map(item).collect::<Vec<_>>().join(",")).into_bytes()
}

/// By the reference encoder, quality 11.
const BROTLI: &[&str] = &[
    "1b4a06602d0aece6869fc92964d0b3dc51e4d754a8b7c8d2f6a83a45bc789afcf28aa52b756afa4284fe8193f998ee3fdaa618609a6802",
    "15625d188156ff70c217787ad7f6c2f3ba6ff087cd4128434885b18e10134559d1b41dc338b1ac1bc7793f081f842f42510e4b6a54d6e3",
    "8a99545953d5f6748d3353ebced679de8d70122e42510e4b6a54d6e38a99545953d5f6748d3353ebced679de8d71322e46510e4b6a54d6",
    "e38a99545953d5f6748d3353ebced679c73d02",
];
/// As above, in the large window format.
const BROTLI_LARGE_WINDOW: &[&str] = &[
    "115c281980b528b09b1b7e26a79041cf7247915f53a1de224bdba3ea14f1e269f2cb2b96aed4a9e90b11fa074ee663baff689b628069a2",
    "09548875c108c8ca3f9cf0059edeb5bdf0bcee1bfc617310ca105261ac23c4445156346dc7304e2cebc671de0fc207e18b5094c3921a95",
    "f5b8622655d654b53d5de3ccd4bab3759e77239c848b5094c3921a95f5b8622655d654b53d5de3ccd4bab3759e77639c8c8b5194c3921a",
    "95f5b8622655d654b53d5de3ccd4bab375de718f",
];
/// By the reference encoder, level 19, with a checksum.
const ZSTD: &[&str] = &[
    "28b52ffd644b055d0600d2cd211880396deac307b7d60f31065665b4b27ba794261067420a048205d971cecf339f473cfeee77b3dbab5e",
    "ffffdbf7dbf7743afd1c1f673a8d68f49dcf663657b9fcfbb66db7aec964f2393dcd6c16b1d8bb5ecd6aad6af5ef6bd76ddb967acec94c",
    "44bc3b33abaaffb6db1a0bb28310931014c4c11886004b92500c62926560300621a6a018452075a811f0f9fd3f03f035d610144142831e",
    "e1dfeda7bbfd74674fbe34dd73f37076beb534bb67f3e86c3e8249443015985692850a152aa850a1420d4536f70464158326ac8b",
];

pub(in crate::upstream) fn brotli() -> Vec<u8> {
    bytes(BROTLI)
}

pub(in crate::upstream) fn brotli_large_window() -> Vec<u8> {
    bytes(BROTLI_LARGE_WINDOW)
}

/// 60,000 zeros.
pub(in crate::upstream) fn brotli_blank() -> Vec<u8> {
    bytes(&["1b5feaf82700e2b14020431c00"])
}

/// 16 MiB of zeros.
pub(in crate::upstream) fn brotli_bomb() -> Vec<u8> {
    bytes(&["cbffff3ff82700e2b14020f7fe2ffffffff04f00c4611180eefd1f"])
}

pub(in crate::upstream) fn zstd() -> Vec<u8> {
    bytes(ZSTD)
}

fn bytes(lines: &[&str]) -> Vec<u8> {
    let digits = lines.concat();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
