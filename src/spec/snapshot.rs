use std::collections::BTreeMap;
#[derive(Debug)]
pub struct Snapshot { pub root: String, pub text: String, pub files: BTreeMap<String, Vec<u8>>, pub env: BTreeMap<String, String> }
